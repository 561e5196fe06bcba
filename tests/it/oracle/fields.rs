//! Where each thing told of a registration comes from, written down a second time from `deploy/DECISIONS.md`, "Fields".
//!
//! `name=sources`: a bare column is the right's own; `P.` is the parcel, `S.` the sea, `H.` the house, `Z.` its building,
//! `G.` the structure, `X.` the project's building; `@` a rule of its own; the first that is not empty counts. `name:date`
//! is brought to the one form of dates.

/// What every registration has.
pub(super) const COMMON: &str = "stored_status=QSZT certificate_number=@certificate business_number=YWH \
    registered_at:date=DJSJ registrar=DJJG district_code=QXDM remark=FJ right_type=QLLX registration_type=DJLX \
    registration_reason=DJYY ended_at:date=@ended";

/// The kinds in the order of an answer: element, tables, column of the certificate, details.
pub(super) const KINDS: [(&str, &[&str], &str, &str); 12] = [
    (
        "TDSYQ",
        &["TDSYQ"],
        "BDCQZH",
        "location=P.ZL parcel_area=P.ZDMJ area_unit=P.MJDW|MJDW land_use=YT|P.YT right_nature=P.QLXZ \
         farmland_area=NYDMJ construction_land_area=JSYDMJ unused_land_area=WLYDMJ",
    ),
    (
        "JSYDSYQ",
        &["JSYDSYQ"],
        "BDCQZH",
        "location=P.ZL land_use=YT|P.YT area=SYQMJ starts_on:date=SYQQSSJ ends_on:date=SYQJSSJ right_nature=P.QLXZ \
         price=QDJG amount_unit=JEDW",
    ),
    (
        "FDCQ",
        &["FDCQ1", "FDCQ2"],
        "BDCQZH",
        "location=FDZL|H.ZL floor_area=JZMJ|X.JZMJ|H.SCJZMJ exclusive_area=ZYJZMJ|H.SCTNJZMJ \
         shared_area=FTJZMJ|H.SCFTJZMJ planned_use=GHYT|X.GHYT|H.FWYT1|Z.GHYT house_nature=FWXZ|H.FWXZ \
         completed_on:date=JGSJ|X.JGSJ|Z.JGRQ land_use_starts_on:date=TDSYQSSJ land_use_ends_on:date=TDSYJSSJ \
         storeys=ZCS|X.ZCS|Z.ZCS storey=SZC structure=FWJG|X.FWJG land_user=TDSYQR exclusive_land_area=DYTDMJ \
         shared_land_area=FTTDMJ price=FDCJYJG amount_unit=JEDW project=X.XMMC building=X.ZH",
    ),
    (
        "HYSYQ",
        &["HYSYQ"],
        "BDCQZH",
        "project=S.XMMC location=S.YHWZSM sea_use_a=S.YHLXA sea_use_b=S.YHLXB island=S.HDMC island_location=S.HDWZ \
         island_use=S.HDYT area=SYQMJ starts_on:date=SYQQSSJ ends_on:date=SYQJSSJ",
    ),
    (
        "GJZWSYQ",
        &["GJZWSYQ"],
        "BDCQZH",
        "location=ZL|G.ZL planned_use=GJZWGHYT area=GJZWMJ starts_on:date=TDHYSYQSSJ ends_on:date=TDHYSYJSSJ \
         structure_type=GJZWLX user=TDHYSYQR completed_on:date=JGSJ",
    ),
    (
        "LQ",
        &["LQ"],
        "BDCQZH",
        "location=P.ZL|XDM area=SYQMJ starts_on:date=LDSYQSSJ ends_on:date=LDSYJSSJ land_ownership_nature=LDSYQXZ \
         place_name=XDM forest_compartment=LB forest_subcompartment=XB tree_species=ZYSZ forest_kind=LZ lessor=FBF \
         forest_owner=SLLMSYQR1 forest_user=SLLMSYQR2",
    ),
    (
        "DYAQ",
        &["DYAQ"],
        "BDCDJZMH",
        "property_kind=DYBDCLX location=@place mortgagor=DYR mortgage_kind=DYFS secured_claim=@claim \
         performance_starts_on:date=ZWLXQSSJ performance_ends_on:date=ZWLXJSSJ mortgagee=@names maximum_claim=ZGZQSE \
         maximum_claim_fact=ZGZQQDSS unfinished_building_scope=ZJJZWDYFW rank=DYQSW currency=BZ amount_unit=JEDW \
         secured_scope=DBFW",
    ),
    (
        "YGDJ",
        &["YGDJ"],
        "BDCDJZMH",
        "notice_kind=YGDJZL location=BDCZL|@place planned_use=GHYT|H.FWYT1 floor_area=JZMJ|H.SCJZMJ|H.YCJZMJ obligor=YWR \
         price_or_claim=QDJG amount_unit=JEDW storey=SZC storeys=ZCS land_user=TDSYQR",
    ),
    (
        "CFDJ",
        &["CFDJ"],
        "",
        "location=@place seizing_authority=CFJG seizure_kind=CFLX document_number=CFWH starts_on:date=CFQSSJ \
         ends_on:date=CFJSSJ seizure_business_number=YWH scope=CFFW lifting_business_number=JFYWH \
         lifting_authority=JFJG lifting_document_number=JFWH",
    ),
    ("YYXX", &["YYDJ"], "BDCDJZMH", "location=@place objector=@names matter=YYSX"),
    (
        "DYIQ",
        &["DYIQ"],
        "BDCDJZMH",
        "servient_unit_number=GYDBDCDYH servient_holder=GYDQLR servient_document_kind=GYDQLRZJZL \
         servient_document_number=GYDQLRZJH dominant_unit_number=XYDBDCDYH dominant_location=XYDZL \
         dominant_holder=XYDQLR dominant_document_kind=XYDQLRZJZL dominant_document_number=XYDQLRZJH content=DYQNR \
         starts_on:date=QLQSSJ ends_on:date=QLJSSJ",
    ),
    (
        "NYDSYQ",
        &["NYDSYQ"],
        "BDCQZH",
        "location=ZL|P.ZL lessor=FBFMC area=CBMJ starts_on:date=CBQSSJ ends_on:date=CBJSSJ land_ownership_nature=TDSYQXZ \
         water_kind=SYTTLX aquaculture_method=YZYFS",
    ),
];

/// One line of the lists above: name, whether it is a date, sources.
pub(super) fn parse(list: &str) -> impl Iterator<Item = (&str, bool, Vec<&str>)> {
    list.split_whitespace().map(|entry| {
        let (name, sources) = entry.split_once('=').unwrap();
        let (name, is_date) = name.strip_suffix(":date").map_or((name, false), |name| (name, true));
        (name, is_date, sources.split('|').collect())
    })
}
