-- Writes the tables of the registry standard as CSV, for `bdcd package seal`: 达梦 (DM8).
-- How to run it, and what to do where a table or column has another name: EXPORT.md.
-- Replace BDCDJ in the first statement by your schema.
--
--   disql USER@HOST:PORT '`dameng.sql'      in the folder for the CSV files
SET LINESHOW OFF
SET HEADING OFF
SET PAGESIZE 0
SET FEEDBACK OFF
SET TIMING OFF
SET ECHO OFF
SET TRIMSPOOL ON
SET LINESIZE 32767
SET LONG 10000000
SET SCHEMA BDCDJ;
-- All tables as of one moment.
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;

-- ZDJBXX 宗地基本信息, in the national exchange KTT_ZDJBXX
SPOOL ZDJBXX.csv
PROMPT ZDDM,BDCDYH,ZL,ZDMJ,MJDW,YT,QLXZ,ZDSZD,ZDSZN,ZDSZX,ZDSZB,TFH
SELECT
  '"' || REPLACE(ZDDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZL, '"', '""') || '"'
  || ',' || '"' || CAST(ZDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(MJDW, '"', '""') || '"'
  || ',' || '"' || REPLACE(YT, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLXZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZDSZD, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZDSZN, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZDSZX, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZDSZB, '"', '""') || '"'
  || ',' || '"' || REPLACE(TFH, '"', '""') || '"'
FROM ZDJBXX;
SPOOL OFF

-- ZHJBXX 宗海基本信息, in the national exchange KTT_ZHJBXX
SPOOL ZHJBXX.csv
PROMPT ZHDM,BDCDYH,XMMC,YHZMJ,ZHMJ,YHLXA,YHLXB,YHWZSM,HDMC,HDDM,YDMJ,HDWZ,HDYT
SELECT
  '"' || REPLACE(ZHDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(XMMC, '"', '""') || '"'
  || ',' || '"' || CAST(YHZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(ZHMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(YHLXA, '"', '""') || '"'
  || ',' || '"' || REPLACE(YHLXB, '"', '""') || '"'
  || ',' || '"' || REPLACE(YHWZSM, '"', '""') || '"'
  || ',' || '"' || REPLACE(HDMC, '"', '""') || '"'
  || ',' || '"' || REPLACE(HDDM, '"', '""') || '"'
  || ',' || '"' || CAST(YDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(HDWZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(HDYT, '"', '""') || '"'
FROM ZHJBXX;
SPOOL OFF

-- ZRZ 自然幢, in the national exchange KTT_FW_ZRZ
SPOOL ZRZ.csv
PROMPT BDCDYH,ZDDM,ZRZH,JGRQ,ZCS,GHYT
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZDDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZRZH, '"', '""') || '"'
  || ',' || '"' || CAST(JGRQ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(ZCS AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(GHYT, '"', '""') || '"'
FROM ZRZ;
SPOOL OFF

-- H 户, in the national exchange KTT_FW_H
SPOOL H.csv
PROMPT BDCDYH,FWBM,ZRZH,ZL,FWYT1,YCJZMJ,SCJZMJ,SCTNJZMJ,SCFTJZMJ,FWXZ
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(FWBM, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZRZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(FWYT1, '"', '""') || '"'
  || ',' || '"' || CAST(YCJZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(SCJZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(SCTNJZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(SCFTJZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FWXZ, '"', '""') || '"'
FROM H;
SPOOL OFF

-- GZW 构筑物, in the national exchange KTT_GZW
SPOOL GZW.csv
PROMPT BDCDYH,ZDZHDM,ZL,MJDW,MJ
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZDZHDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(MJDW, '"', '""') || '"'
  || ',' || '"' || CAST(MJ AS VARCHAR(60)) || '"'
FROM GZW;
SPOOL OFF

-- TDSYQ 土地所有权, in the national exchange QLF_QL_TDSYQ
SPOOL TDSYQ.csv
PROMPT ZDDM,BDCDYH,YWH,QLLX,DJLX,DJYY,MJDW,NYDMJ,JSYDMJ,WLYDMJ,BDCQZH,QXDM,DJJG,DJSJ,FJ,QSZT,YT
SELECT
  '"' || REPLACE(ZDDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(MJDW, '"', '""') || '"'
  || ',' || '"' || CAST(NYDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(JSYDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(WLYDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
  -- later exchange format; delete these lines, and the names above, where your table lacks the columns
  || ',' || '"' || REPLACE(YT, '"', '""') || '"'
FROM TDSYQ;
SPOOL OFF

-- JSYDSYQ 建设用地使用权、宅基地使用权, in the national exchange QLF_QL_JSYDSYQ
SPOOL JSYDSYQ.csv
PROMPT ZDDM,BDCDYH,YWH,QLLX,DJLX,DJYY,SYQMJ,SYQQSSJ,SYQJSSJ,QDJG,BDCQZH,QXDM,DJJG,DJSJ,FJ,QSZT,YT,JEDW
SELECT
  '"' || REPLACE(ZDDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || CAST(SYQMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(SYQQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(SYQJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(QDJG AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
  -- later exchange format; delete these lines, and the names above, where your table lacks the columns
  || ',' || '"' || REPLACE(YT, '"', '""') || '"'
  || ',' || '"' || REPLACE(JEDW, '"', '""') || '"'
FROM JSYDSYQ;
SPOOL OFF

-- FDCQ1 房地产权（项目内多幢房屋）, in the national exchange QLT_FW_FDCQ_DZ
SPOOL FDCQ1.csv
PROMPT BDCDYH,YWH,QLLX,DJLX,DJYY,FDZL,TDSYQR,DYTDMJ,FTTDMJ,TDSYQSSJ,TDSYJSSJ,FDCJYJG,BDCQZH,QXDM,DJJG,DJSJ,FJ,QSZT,JEDW
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(FDZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(TDSYQR, '"', '""') || '"'
  || ',' || '"' || CAST(DYTDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(FTTDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(TDSYQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(TDSYJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(FDCJYJG AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
  -- later exchange format; delete these lines, and the names above, where your table lacks the columns
  || ',' || '"' || REPLACE(JEDW, '"', '""') || '"'
FROM FDCQ1;
SPOOL OFF

-- FDCQXM 房地产权（项目内多幢房屋）项目信息, in the national exchange QLF_FW_FDCQ_DZ_XM
SPOOL FDCQXM.csv
PROMPT BDCDYH,XMMC,ZH,ZCS,GHYT,FWJG,JZMJ,JGSJ,YWH
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(XMMC, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZH, '"', '""') || '"'
  || ',' || '"' || CAST(ZCS AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(GHYT, '"', '""') || '"'
  || ',' || '"' || REPLACE(FWJG, '"', '""') || '"'
  || ',' || '"' || CAST(JZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(JGSJ AS VARCHAR(60)) || '"'
  -- later exchange format; delete these lines, and the names above, where your table lacks the columns
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
FROM FDCQXM;
SPOOL OFF

-- FDCQ2 房地产权（独幢、层、套、间房屋）, in the national exchange QLT_FW_FDCQ_YZ
SPOOL FDCQ2.csv
PROMPT BDCDYH,YWH,QLLX,DJLX,DJYY,FDZL,TDSYQR,DYTDMJ,FTTDMJ,TDSYQSSJ,TDSYJSSJ,FDCJYJG,GHYT,FWXZ,FWJG,SZC,ZCS,JZMJ,ZYJZMJ,FTJZMJ,JGSJ,BDCQZH,QXDM,DJJG,DJSJ,FJ,QSZT,JEDW
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(FDZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(TDSYQR, '"', '""') || '"'
  || ',' || '"' || CAST(DYTDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(FTTDMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(TDSYQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(TDSYJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(FDCJYJG AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(GHYT, '"', '""') || '"'
  || ',' || '"' || REPLACE(FWXZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(FWJG, '"', '""') || '"'
  || ',' || '"' || CAST(SZC AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(ZCS AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(JZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(ZYJZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(FTJZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(JGSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
  -- later exchange format; delete these lines, and the names above, where your table lacks the columns
  || ',' || '"' || REPLACE(JEDW, '"', '""') || '"'
FROM FDCQ2;
SPOOL OFF

-- HYSYQ 海域（含无居民海岛）使用权, in the national exchange QLF_QL_HYSYQ
SPOOL HYSYQ.csv
PROMPT ZHHDDM,BDCDYH,YWH,QLLX,DJLX,DJYY,SYQMJ,SYQQSSJ,SYQJSSJ,BDCQZH,QXDM,DJJG,DJSJ,FJ,QSZT
SELECT
  '"' || REPLACE(ZHHDDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || CAST(SYQMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(SYQQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(SYQJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
FROM HYSYQ;
SPOOL OFF

-- GJZWSYQ 构（建）筑物所有权, in the national exchange QLT_QL_GJZWSYQ
SPOOL GJZWSYQ.csv
PROMPT BDCDYH,YWH,QLLX,DJLX,DJYY,ZL,TDHYSYQR,TDHYSYQSSJ,TDHYSYJSSJ,GJZWLX,GJZWGHYT,GJZWMJ,JGSJ,BDCQZH,QXDM,DJJG,DJSJ,FJ,QSZT
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(TDHYSYQR, '"', '""') || '"'
  || ',' || '"' || CAST(TDHYSYQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(TDHYSYJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(GJZWLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(GJZWGHYT, '"', '""') || '"'
  || ',' || '"' || CAST(GJZWMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(JGSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
FROM GJZWSYQ;
SPOOL OFF

-- NYDSYQ 农用地使用权（非林地）, in the national exchange QLF_QL_NYDSYQ
SPOOL NYDSYQ.csv
PROMPT BDCDYH,YWH,QLLX,DJLX,DJYY,ZL,FBFMC,CBMJ,CBQSSJ,CBJSSJ,TDSYQXZ,SYTTLX,YZYFS,BDCQZH,QXDM,DJJG,DJSJ,FJ,QSZT
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(FBFMC, '"', '""') || '"'
  || ',' || '"' || CAST(CBMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(CBQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(CBJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(TDSYQXZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(SYTTLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(YZYFS, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
FROM NYDSYQ;
SPOOL OFF

-- LQ 林权, in the national exchange QLT_QL_LQ
SPOOL LQ.csv
PROMPT BDCDYH,YWH,QLLX,DJLX,DJYY,FBF,SYQMJ,LDSYQSSJ,LDSYJSSJ,LDSYQXZ,SLLMSYQR1,SLLMSYQR2,ZYSZ,LZ,LB,XB,XDM,BDCQZH,QXDM,DJJG,DJSJ,FJ,QSZT
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(FBF, '"', '""') || '"'
  || ',' || '"' || CAST(SYQMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(LDSYQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(LDSYJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(LDSYQXZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(SLLMSYQR1, '"', '""') || '"'
  || ',' || '"' || REPLACE(SLLMSYQR2, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZYSZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(LZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(LB, '"', '""') || '"'
  || ',' || '"' || REPLACE(XB, '"', '""') || '"'
  || ',' || '"' || REPLACE(XDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
FROM LQ;
SPOOL OFF

-- DYIQ 地役权, in the national exchange QLF_QL_DYIQ
SPOOL DYIQ.csv
PROMPT YWH,GYDBDCDYH,GYDQLR,GYDQLRZJZL,GYDQLRZJH,XYDBDCDYH,XYDZL,XYDQLR,XYDQLRZJZL,XYDQLRZJH,DJLX,DJYY,DYQNR,BDCDJZMH,QLQSSJ,QLJSSJ,QXDM,DJJG,DJSJ,FJ,QSZT
SELECT
  '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(GYDBDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(GYDQLR, '"', '""') || '"'
  || ',' || '"' || REPLACE(GYDQLRZJZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(GYDQLRZJH, '"', '""') || '"'
  || ',' || '"' || REPLACE(XYDBDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(XYDZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(XYDQLR, '"', '""') || '"'
  || ',' || '"' || REPLACE(XYDQLRZJZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(XYDQLRZJH, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(DYQNR, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCDJZMH, '"', '""') || '"'
  || ',' || '"' || CAST(QLQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(QLJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
FROM DYIQ;
SPOOL OFF

-- DYAQ 抵押权, in the national exchange QLF_QL_DYAQ
SPOOL DYAQ.csv
PROMPT BDCDYH,YWH,DYBDCLX,DYR,DYFS,DJLX,DJYY,ZJJZWZL,ZJJZWDYFW,BDBZZQSE,ZWLXQSSJ,ZWLXJSSJ,ZGZQQDSS,ZGZQSE,ZXDYYWH,ZXSJ,BDCDJZMH,QXDM,DJJG,DJSJ,FJ,QSZT,DYQSW,BZ,JEDW,DBFW
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(DYBDCLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DYR, '"', '""') || '"'
  || ',' || '"' || REPLACE(DYFS, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZJJZWZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZJJZWDYFW, '"', '""') || '"'
  || ',' || '"' || CAST(BDBZZQSE AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(ZWLXQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(ZWLXJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(ZGZQQDSS, '"', '""') || '"'
  || ',' || '"' || CAST(ZGZQSE AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(ZXDYYWH, '"', '""') || '"'
  || ',' || '"' || CAST(ZXSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(BDCDJZMH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
  -- later exchange format; delete these lines, and the names above, where your table lacks the columns
  || ',' || '"' || REPLACE(DYQSW, '"', '""') || '"'
  || ',' || '"' || REPLACE(BZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(JEDW, '"', '""') || '"'
  || ',' || '"' || REPLACE(DBFW, '"', '""') || '"'
FROM DYAQ;
SPOOL OFF

-- DYWQD 抵押物清单, in the national exchange QLF_QL_DYAQ_DYWQD (later exchange format only)
SPOOL DYWQD.csv
PROMPT YWH,XH,ZL,BDCDYH,FWBH,QSZT,ZXDYYWH,ZXSJ
SELECT
  '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(XH, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(FWBH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZXDYYWH, '"', '""') || '"'
  || ',' || '"' || CAST(ZXSJ AS VARCHAR(60)) || '"'
FROM DYWQD;
SPOOL OFF

-- YGDJ 预告登记, in the national exchange QLF_QL_YGDJ
SPOOL YGDJ.csv
PROMPT BDCDYH,YWH,BDCZL,YWR,YWRZJZL,YWRZJH,YGDJZL,DJLX,DJYY,TDSYQR,GHYT,SZC,ZCS,JZMJ,QDJG,BDCDJZMH,QXDM,DJJG,DJSJ,FJ,QSZT,ZXYGYWH,ZXSJ,JEDW
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWR, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWRZJZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWRZJH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YGDJZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJYY, '"', '""') || '"'
  || ',' || '"' || REPLACE(TDSYQR, '"', '""') || '"'
  || ',' || '"' || REPLACE(GHYT, '"', '""') || '"'
  || ',' || '"' || CAST(SZC AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(ZCS AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(JZMJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(QDJG AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(BDCDJZMH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
  -- later exchange format; delete these lines, and the names above, where your table lacks the columns
  || ',' || '"' || REPLACE(ZXYGYWH, '"', '""') || '"'
  || ',' || '"' || CAST(ZXSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(JEDW, '"', '""') || '"'
FROM YGDJ;
SPOOL OFF

-- YYDJ 异议登记, in the national exchange QLF_QL_YYDJ
SPOOL YYDJ.csv
PROMPT BDCDYH,YWH,YYSX,BDCDJZMH,QXDM,DJJG,DJSJ,ZXYYYWH,ZXYYDJSJ,FJ,QSZT
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YYSX, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCDJZMH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(ZXYYYWH, '"', '""') || '"'
  || ',' || '"' || CAST(ZXYYDJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
FROM YYDJ;
SPOOL OFF

-- CFDJ 查封登记, in the national exchange QLF_QL_CFDJ
SPOOL CFDJ.csv
PROMPT BDCDYH,YWH,CFJG,CFLX,CFWH,CFQSSJ,CFJSSJ,CFFW,QXDM,DJJG,DJSJ,JFYWH,JFJG,JFWH,JFDJSJ,FJ,QSZT
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(CFJG, '"', '""') || '"'
  || ',' || '"' || REPLACE(CFLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(CFWH, '"', '""') || '"'
  || ',' || '"' || CAST(CFQSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(CFJSSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(CFFW, '"', '""') || '"'
  || ',' || '"' || REPLACE(QXDM, '"', '""') || '"'
  || ',' || '"' || REPLACE(DJJG, '"', '""') || '"'
  || ',' || '"' || CAST(DJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(JFYWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(JFJG, '"', '""') || '"'
  || ',' || '"' || REPLACE(JFWH, '"', '""') || '"'
  || ',' || '"' || CAST(JFDJSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(FJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
FROM CFDJ;
SPOOL OFF

-- ZXDJ 注销登记, in the national exchange QLF_QL_ZXDJ (later exchange format only)
SPOOL ZXDJ.csv
PROMPT BDCDYH,BDCQZH,YWH,ZXYWH,ZXSJ,QLLX
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZXYWH, '"', '""') || '"'
  || ',' || '"' || CAST(ZXSJ AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
FROM ZXDJ;
SPOOL OFF

-- QLR 权利人, in the national exchange ZTT_GY_QLR
SPOOL QLR.csv
PROMPT BDCDYH,SXH,QLRMC,BDCQZH,QZYSXLH,SFCZR,ZJZL,ZJH,FZJG,SSHY,GJ,HJSZSS,XB,DH,DZ,YB,GZDW,DZYJ,QLRLX,QLBL,GYFS,GYQK,BZ,YWH,QLLX,QSZT
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || CAST(SXH AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(QLRMC, '"', '""') || '"'
  || ',' || '"' || REPLACE(BDCQZH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QZYSXLH, '"', '""') || '"'
  || ',' || '"' || REPLACE(SFCZR, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZJZL, '"', '""') || '"'
  || ',' || '"' || REPLACE(ZJH, '"', '""') || '"'
  || ',' || '"' || REPLACE(FZJG, '"', '""') || '"'
  || ',' || '"' || REPLACE(SSHY, '"', '""') || '"'
  || ',' || '"' || REPLACE(GJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(HJSZSS, '"', '""') || '"'
  || ',' || '"' || REPLACE(XB, '"', '""') || '"'
  || ',' || '"' || REPLACE(DH, '"', '""') || '"'
  || ',' || '"' || REPLACE(DZ, '"', '""') || '"'
  || ',' || '"' || REPLACE(YB, '"', '""') || '"'
  || ',' || '"' || REPLACE(GZDW, '"', '""') || '"'
  || ',' || '"' || REPLACE(DZYJ, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLRLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLBL, '"', '""') || '"'
  || ',' || '"' || REPLACE(GYFS, '"', '""') || '"'
  || ',' || '"' || REPLACE(GYQK, '"', '""') || '"'
  || ',' || '"' || REPLACE(BZ, '"', '""') || '"'
  -- later exchange format; delete these lines, and the names above, where your table lacks the columns
  || ',' || '"' || REPLACE(YWH, '"', '""') || '"'
  || ',' || '"' || REPLACE(QLLX, '"', '""') || '"'
  || ',' || '"' || REPLACE(QSZT, '"', '""') || '"'
FROM QLR;
SPOOL OFF

-- ZD_K 宗地空间坐标 (later exchange format only)
SPOOL ZD_K.csv
PROMPT BDCDYH,ZDX,XH,XZB,YZB
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || CAST(ZDX AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(XH AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(XZB AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(YZB AS VARCHAR(60)) || '"'
FROM ZD_K;
SPOOL OFF

-- ZH_K 宗海空间坐标 (later exchange format only)
SPOOL ZH_K.csv
PROMPT BDCDYH,ZDX,XH,XZB,YZB
SELECT
  '"' || REPLACE(BDCDYH, '"', '""') || '"'
  || ',' || '"' || CAST(ZDX AS VARCHAR(60)) || '"'
  || ',' || '"' || REPLACE(XH, '"', '""') || '"'
  || ',' || '"' || CAST(XZB AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(YZB AS VARCHAR(60)) || '"'
FROM ZH_K;
SPOOL OFF

-- JZD 界址点, in the national exchange KTT_GY_JZD
SPOOL JZD.csv
PROMPT ZDZHDM,SXH,XZBZ,YZBZ
SELECT
  '"' || REPLACE(ZDZHDM, '"', '""') || '"'
  || ',' || '"' || CAST(SXH AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(XZBZ AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(YZBZ AS VARCHAR(60)) || '"'
FROM JZD;
SPOOL OFF

-- YHYDZB 用海、用岛坐标, in the national exchange KTF_ZH_YHYDZB
SPOOL YHYDZB.csv
PROMPT ZHHDDM,XH,BW,DJ
SELECT
  '"' || REPLACE(ZHHDDM, '"', '""') || '"'
  || ',' || '"' || CAST(XH AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(BW AS VARCHAR(60)) || '"'
  || ',' || '"' || CAST(DJ AS VARCHAR(60)) || '"'
FROM YHYDZB;
SPOOL OFF

COMMIT;
PROMPT every table was exported
EXIT
