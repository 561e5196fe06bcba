-- Writes the tables of the registry standard as CSV, for `bdcd package seal`: PostgreSQL, KingbaseES, openGauss.
-- How to run it, and what to do where a table or column has another name: EXPORT.md.
--
--   psql -d DATABASE -v schema=SCHEMA -f postgresql.sql      (ksql, gsql alike), in the folder for the CSV files
\set ON_ERROR_STOP on
\encoding UTF8
SET search_path TO :schema;
SET datestyle TO 'ISO, YMD';
-- All tables as of one moment.
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- ZDJBXX 宗地基本信息, in the national exchange KTT_ZDJBXX
\o ZDJBXX.csv
COPY (SELECT
  ZDDM, BDCDYH, ZL, ZDMJ, MJDW, YT, QLXZ, ZDSZD, ZDSZN, ZDSZX, ZDSZB, TFH
FROM ZDJBXX) TO STDOUT WITH CSV HEADER;
\o

-- ZHJBXX 宗海基本信息, in the national exchange KTT_ZHJBXX
\o ZHJBXX.csv
COPY (SELECT
  ZHDM, BDCDYH, XMMC, YHZMJ, ZHMJ, YHLXA, YHLXB, YHWZSM, HDMC, HDDM, YDMJ, HDWZ, HDYT
FROM ZHJBXX) TO STDOUT WITH CSV HEADER;
\o

-- ZRZ 自然幢, in the national exchange KTT_FW_ZRZ
\o ZRZ.csv
COPY (SELECT
  BDCDYH, ZDDM, ZRZH, JGRQ, ZCS, GHYT
FROM ZRZ) TO STDOUT WITH CSV HEADER;
\o

-- H 户, in the national exchange KTT_FW_H
\o H.csv
COPY (SELECT
  BDCDYH, FWBM, ZRZH, ZL, FWYT1, YCJZMJ, SCJZMJ, SCTNJZMJ, SCFTJZMJ, FWXZ
FROM H) TO STDOUT WITH CSV HEADER;
\o

-- GZW 构筑物, in the national exchange KTT_GZW
\o GZW.csv
COPY (SELECT
  BDCDYH, ZDZHDM, ZL, MJDW, MJ
FROM GZW) TO STDOUT WITH CSV HEADER;
\o

-- TDSYQ 土地所有权, in the national exchange QLF_QL_TDSYQ
\o TDSYQ.csv
COPY (SELECT
  ZDDM, BDCDYH, YWH, QLLX, DJLX, DJYY, MJDW, NYDMJ, JSYDMJ, WLYDMJ, BDCQZH, QXDM, DJJG, DJSJ, FJ, QSZT
  , YT -- later exchange format; delete this line where your table lacks these
FROM TDSYQ) TO STDOUT WITH CSV HEADER;
\o

-- JSYDSYQ 建设用地使用权、宅基地使用权, in the national exchange QLF_QL_JSYDSYQ
\o JSYDSYQ.csv
COPY (SELECT
  ZDDM, BDCDYH, YWH, QLLX, DJLX, DJYY, SYQMJ, SYQQSSJ, SYQJSSJ, QDJG, BDCQZH, QXDM, DJJG, DJSJ, FJ, QSZT
  , YT, JEDW -- later exchange format; delete this line where your table lacks these
FROM JSYDSYQ) TO STDOUT WITH CSV HEADER;
\o

-- FDCQ1 房地产权（项目内多幢房屋）, in the national exchange QLT_FW_FDCQ_DZ
\o FDCQ1.csv
COPY (SELECT
  BDCDYH, YWH, QLLX, DJLX, DJYY, FDZL, TDSYQR, DYTDMJ, FTTDMJ, TDSYQSSJ, TDSYJSSJ, FDCJYJG, BDCQZH, QXDM, DJJG, DJSJ,
  FJ, QSZT
  , JEDW -- later exchange format; delete this line where your table lacks these
FROM FDCQ1) TO STDOUT WITH CSV HEADER;
\o

-- FDCQXM 房地产权（项目内多幢房屋）项目信息, in the national exchange QLF_FW_FDCQ_DZ_XM
\o FDCQXM.csv
COPY (SELECT
  BDCDYH, XMMC, ZH, ZCS, GHYT, FWJG, JZMJ, JGSJ
  , YWH -- later exchange format; delete this line where your table lacks these
FROM FDCQXM) TO STDOUT WITH CSV HEADER;
\o

-- FDCQ2 房地产权（独幢、层、套、间房屋）, in the national exchange QLT_FW_FDCQ_YZ
\o FDCQ2.csv
COPY (SELECT
  BDCDYH, YWH, QLLX, DJLX, DJYY, FDZL, TDSYQR, DYTDMJ, FTTDMJ, TDSYQSSJ, TDSYJSSJ, FDCJYJG, GHYT, FWXZ, FWJG, SZC, ZCS,
  JZMJ, ZYJZMJ, FTJZMJ, JGSJ, BDCQZH, QXDM, DJJG, DJSJ, FJ, QSZT
  , JEDW -- later exchange format; delete this line where your table lacks these
FROM FDCQ2) TO STDOUT WITH CSV HEADER;
\o

-- HYSYQ 海域（含无居民海岛）使用权, in the national exchange QLF_QL_HYSYQ
\o HYSYQ.csv
COPY (SELECT
  ZHHDDM, BDCDYH, YWH, QLLX, DJLX, DJYY, SYQMJ, SYQQSSJ, SYQJSSJ, BDCQZH, QXDM, DJJG, DJSJ, FJ, QSZT
FROM HYSYQ) TO STDOUT WITH CSV HEADER;
\o

-- GJZWSYQ 构（建）筑物所有权, in the national exchange QLT_QL_GJZWSYQ
\o GJZWSYQ.csv
COPY (SELECT
  BDCDYH, YWH, QLLX, DJLX, DJYY, ZL, TDHYSYQR, TDHYSYQSSJ, TDHYSYJSSJ, GJZWLX, GJZWGHYT, GJZWMJ, JGSJ, BDCQZH, QXDM,
  DJJG, DJSJ, FJ, QSZT
FROM GJZWSYQ) TO STDOUT WITH CSV HEADER;
\o

-- NYDSYQ 农用地使用权（非林地）, in the national exchange QLF_QL_NYDSYQ
\o NYDSYQ.csv
COPY (SELECT
  BDCDYH, YWH, QLLX, DJLX, DJYY, ZL, FBFMC, CBMJ, CBQSSJ, CBJSSJ, TDSYQXZ, SYTTLX, YZYFS, BDCQZH, QXDM, DJJG, DJSJ, FJ,
  QSZT
FROM NYDSYQ) TO STDOUT WITH CSV HEADER;
\o

-- LQ 林权, in the national exchange QLT_QL_LQ
\o LQ.csv
COPY (SELECT
  BDCDYH, YWH, QLLX, DJLX, DJYY, FBF, SYQMJ, LDSYQSSJ, LDSYJSSJ, LDSYQXZ, SLLMSYQR1, SLLMSYQR2, ZYSZ, LZ, LB, XB, XDM,
  BDCQZH, QXDM, DJJG, DJSJ, FJ, QSZT
FROM LQ) TO STDOUT WITH CSV HEADER;
\o

-- DYIQ 地役权, in the national exchange QLF_QL_DYIQ
\o DYIQ.csv
COPY (SELECT
  YWH, GYDBDCDYH, GYDQLR, GYDQLRZJZL, GYDQLRZJH, XYDBDCDYH, XYDZL, XYDQLR, XYDQLRZJZL, XYDQLRZJH, DJLX, DJYY, DYQNR,
  BDCDJZMH, QLQSSJ, QLJSSJ, QXDM, DJJG, DJSJ, FJ, QSZT
FROM DYIQ) TO STDOUT WITH CSV HEADER;
\o

-- DYAQ 抵押权, in the national exchange QLF_QL_DYAQ
\o DYAQ.csv
COPY (SELECT
  BDCDYH, YWH, DYBDCLX, DYR, DYFS, DJLX, DJYY, ZJJZWZL, ZJJZWDYFW, BDBZZQSE, ZWLXQSSJ, ZWLXJSSJ, ZGZQQDSS, ZGZQSE,
  ZXDYYWH, ZXSJ, BDCDJZMH, QXDM, DJJG, DJSJ, FJ, QSZT
  , DYQSW, BZ, JEDW, DBFW -- later exchange format; delete this line where your table lacks these
FROM DYAQ) TO STDOUT WITH CSV HEADER;
\o

-- DYWQD 抵押物清单, in the national exchange QLF_QL_DYAQ_DYWQD (later exchange format only)
\o DYWQD.csv
COPY (SELECT
  YWH, XH, ZL, BDCDYH, FWBH, QSZT, ZXDYYWH, ZXSJ
FROM DYWQD) TO STDOUT WITH CSV HEADER;
\o

-- YGDJ 预告登记, in the national exchange QLF_QL_YGDJ
\o YGDJ.csv
COPY (SELECT
  BDCDYH, YWH, BDCZL, YWR, YWRZJZL, YWRZJH, YGDJZL, DJLX, DJYY, TDSYQR, GHYT, SZC, ZCS, JZMJ, QDJG, BDCDJZMH, QXDM,
  DJJG, DJSJ, FJ, QSZT
  , ZXYGYWH, ZXSJ, JEDW -- later exchange format; delete this line where your table lacks these
FROM YGDJ) TO STDOUT WITH CSV HEADER;
\o

-- YYDJ 异议登记, in the national exchange QLF_QL_YYDJ
\o YYDJ.csv
COPY (SELECT
  BDCDYH, YWH, YYSX, BDCDJZMH, QXDM, DJJG, DJSJ, ZXYYYWH, ZXYYDJSJ, FJ, QSZT
FROM YYDJ) TO STDOUT WITH CSV HEADER;
\o

-- CFDJ 查封登记, in the national exchange QLF_QL_CFDJ
\o CFDJ.csv
COPY (SELECT
  BDCDYH, YWH, CFJG, CFLX, CFWH, CFQSSJ, CFJSSJ, CFFW, QXDM, DJJG, DJSJ, JFYWH, JFJG, JFWH, JFDJSJ, FJ, QSZT
FROM CFDJ) TO STDOUT WITH CSV HEADER;
\o

-- ZXDJ 注销登记, in the national exchange QLF_QL_ZXDJ (later exchange format only)
\o ZXDJ.csv
COPY (SELECT
  BDCDYH, BDCQZH, YWH, ZXYWH, ZXSJ, QLLX
FROM ZXDJ) TO STDOUT WITH CSV HEADER;
\o

-- QLR 权利人, in the national exchange ZTT_GY_QLR
\o QLR.csv
COPY (SELECT
  BDCDYH, SXH, QLRMC, BDCQZH, QZYSXLH, SFCZR, ZJZL, ZJH, FZJG, SSHY, GJ, HJSZSS, XB, DH, DZ, YB, GZDW, DZYJ, QLRLX,
  QLBL, GYFS, GYQK, BZ
  , YWH, QLLX, QSZT -- later exchange format; delete this line where your table lacks these
FROM QLR) TO STDOUT WITH CSV HEADER;
\o

-- ZD_K 宗地空间坐标 (later exchange format only)
\o ZD_K.csv
COPY (SELECT
  BDCDYH, ZDX, XH, XZB, YZB
FROM ZD_K) TO STDOUT WITH CSV HEADER;
\o

-- ZH_K 宗海空间坐标 (later exchange format only)
\o ZH_K.csv
COPY (SELECT
  BDCDYH, ZDX, XH, XZB, YZB
FROM ZH_K) TO STDOUT WITH CSV HEADER;
\o

-- JZD 界址点, in the national exchange KTT_GY_JZD
\o JZD.csv
COPY (SELECT
  ZDZHDM, SXH, XZBZ, YZBZ
FROM JZD) TO STDOUT WITH CSV HEADER;
\o

-- YHYDZB 用海、用岛坐标, in the national exchange KTF_ZH_YHYDZB
\o YHYDZB.csv
COPY (SELECT
  ZHHDDM, XH, BW, DJ
FROM YHYDZB) TO STDOUT WITH CSV HEADER;
\o

COMMIT;
\echo every table was exported
