//! Numbers as registers dress and damage them, and as courts ask for them.

use super::*;

const PERSON: &str = "990202197903051015";
const OTHER: &str = "990202198106072029";

fn usable(text: &str) -> Vec<String> {
    of_register(text).usable.into_iter().map(Cow::into_owned).collect()
}

#[test]
fn a_tab_inside_a_number_hides_it_not_and_between_numbers_parts_them() {
    assert_eq!(usable("M222RT6\t0-8"), ["M222RT608"]);
    assert_eq!(usable("990202\t197903051015"), [PERSON]);
    assert_eq!(usable("990202\t197903051014"), ["990202197903051014"]);
    assert_eq!(usable("990202197903051015\t990202198106072029"), [PERSON, OTHER]);
    assert_eq!(usable("E99000001\tE99000002"), ["E99000001", "E99000002"]);
    // A blank inside a number is more likely than one between two: the whole is a number, and an equal name is counted.
    assert_eq!(of_register("E99000001 E99000002").damaged, Some(Damage::Entangled));
    assert_eq!(of_register("E99000001 7").damaged, None);
}

#[test]
fn dress_is_form() {
    for text in [
        "'990202197903051015",
        "`990202197903051015",
        "’990202197903051015",
        "=\"990202197903051015\"",
        "990202 19790305 1015",
        "990202-19790305-1015",
        "虚国护照990202-19790305-1015（旧号）",
        "[990202197903051015]",
        "（990202197903051015）",
        "身份证990202197903051015",
        "身份证号：990202197903051015",
        "居民身份证:990202197903051015",
        "990202197903051015。",
        "990202197903051015#",
        "990202197903051015_",
        "990202197903051015(1)",
        "990202197903051015（旧号）",
        "990202197903051015、 ",
        "&#39;990202197903051015",
        "\u{202D}990202197903051015\u{202C}",
        "990202\u{0}197903051015\u{FE0F}",
        "９９０２０２１９７９０３０５１０１５",
        "No.990202197903051015",
        "ID No: 990202197903051015",
    ] {
        assert_eq!(usable(text), [PERSON], "{text:?}");
    }
}

#[test]
fn a_cell_may_hold_several_numbers() {
    for text in [
        "990202197903051015/990202198106072029",
        "990202197903051015 990202198106072029",
        "990202197903051015\n990202198106072029",
        "990202197903051015|990202198106072029",
        "990202197903051015｜990202198106072029",
        "990202197903051015／990202198106072029",
        "夫990202197903051015妻990202198106072029",
        "990202197903051015和990202198106072029",
        "990202197903051015及990202198106072029",
        "990202197903051015990202198106072029",
        "990202197903051015\u{3000}990202198106072029",
        "990202197903051015;身份证号：990202198106072029",
    ] {
        assert_eq!(usable(text), [PERSON, OTHER], "{text:?}");
    }
    let mut both = usable("990202790305101（990202197903051015）");
    both.sort_unstable();
    assert_eq!(both, ["990202197903051015", "990202790305101"]);
    assert_eq!(usable("新:990202197903051015 旧:990202790305101"), ["990202197903051015", "990202790305101"]);
}

#[test]
fn damage_is_told_by_kind() {
    for (text, damage) in [
        ("9.90202E+17", Damage::Scientific),
        ("9.9E17", Damage::Scientific),
        ("990202197903051015.0", Damage::Decimal),
        ("990202197903051000", Damage::Rounded),
        ("99020219790305101", Damage::Seventeen),
        ("9902**1015", Damage::Masked),
        ("990202********1015", Damage::Masked),
        ("990202XXXXXXXX1015", Damage::Masked),
        ("甲某990202197903051016乙某", Damage::Entangled),
    ] {
        assert_eq!(of_register(text), Numbers { usable: Vec::new(), damaged: Some(damage) }, "{text}");
    }
}

#[test]
fn a_number_fast_to_others_is_told_beside_the_whole() {
    for text in [
        "A990202197903051015B",
        "990202197903051015X1",
        "A990202790305101",
        "A990202790305101B",
        "9902021979030510151",
        "AB990202197903051016",
    ] {
        let whole = of_register(text);
        assert_eq!((usable(text), whole.damaged), (vec![text.to_owned()], Some(Damage::Entangled)), "{text}");
    }
    let mixed = of_register("甲990202197903051015乙990202198106072020");
    assert_eq!((mixed.usable, mixed.damaged), (vec![Cow::from(PERSON)], Some(Damage::Entangled)));
    for text in ["99010120001234567X", "91990100MA9XK2P15L", "USA310079030501", "6222029902020000001"] {
        assert_eq!(of_register(text).damaged, None, "{text}");
    }
}

#[test]
fn words_and_fillers_are_no_number_and_no_damage() {
    for text in [
        "",
        "NULL",
        "(null)",
        "[NULL]",
        "\\N",
        "/",
        "//",
        "*",
        "?",
        "无证件号",
        "1",
        "11",
        "111111111111111111",
        "XXX",
        "身份证",
        "见附件",
        "123456789012345678",
        "0000",
        ".",
        "XXXXXXXXXXXXXXXXXX",
    ] {
        assert_eq!(of_register(text), Numbers::default(), "{text}");
    }
}

#[test]
fn other_documents_keep_their_words() {
    assert_eq!(usable("军字第1990001号"), ["军字第1990001号"]);
    assert_eq!(usable("M9900001（2）"), ["M99000012"]);
    assert_eq!(usable("R990001(A)"), ["R990001A"]);
    assert_eq!(usable("USA3100 7903 0501"), ["USA310079030501"]);
    assert_eq!(usable("99000001(B)"), ["99000001B"]);
}

#[test]
fn stems_differ_only_in_words() {
    let stem = |text: &str| Stem::of(&usable(text)[0]).unwrap();
    let asked = stem("军字第1990001号");
    for text in [
        "军字第1990001",
        "1990001",
        "军1990001",
        "军字1990001号",
        "“军”字第1990001号",
        "军字第 1990001 号",
        "军字第No1990001号",
    ] {
        assert!(asked.may_be(&stem(text)), "{text}");
    }
    assert!(!asked.may_be(&stem("士字第1990001号")));
    assert!(stem("E99000001").may_be(&stem("中国护照E99000001")));
    assert!(stem("99000001").may_be(&stem("台胞证99000001")));
    assert!(stem("99000001").may_be(&stem("99000001(B)")));
    for text in ["CHN E99000001", "PASSPORT E99000001", "Passport No. E99000001", "CHINA E99000001"] {
        assert!(stem("E99000001").may_be(&stem(text)), "{text}");
    }
    assert!(stem("EA9000001").may_be(&stem("CHN EA9000001")));
    assert!(!stem("E99000001").may_be(&stem("99000001")));
    assert!(!stem("E99000001").may_be(&stem("G99000001")));
    assert_eq!(Stem::of(PERSON), None);
}

#[test]
fn a_court_asks_about_one_number_that_may_be_one() {
    for (kind, text, expected) in [
        ("1", " 990202 19790305 1015", Ok(PERSON.to_owned())),
        ("1", "'990202197903051015", Ok(PERSON.to_owned())),
        ("1", "990202197903051000", Ok("990202197903051000".to_owned())),
        ("6", "D2143569-X", Ok("D2143569X".to_owned())),
        ("1", "2323", Err(CourtNumberError::Length("15 or 18 characters"))),
        ("8", "D2143569-X", Err(CourtNumberError::Length("18 characters"))),
        ("1", "990202197903051015,990202198106072029", Err(CourtNumberError::Several)),
        ("1", "990202197903051015、990202198106072029", Err(CourtNumberError::Several)),
        ("1", "9.90202E+17", Err(CourtNumberError::Damaged(Damage::Scientific))),
        ("1", "111111111111111111", Err(CourtNumberError::Filler)),
        ("99", "12", Err(CourtNumberError::Short)),
        ("1", "/", Err(CourtNumberError::None)),
    ] {
        assert_eq!(of_court(kind, text), expected, "{text}");
    }
}
