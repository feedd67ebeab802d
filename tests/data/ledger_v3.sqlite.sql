PRAGMA application_id=1094798679;
BEGIN TRANSACTION;
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	actor TEXT, 
	action TEXT NOT NULL, 
	key_id INTEGER, 
	key_name TEXT, 
	team TEXT, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "audit" VALUES(1,1792208553152393,'cli','create',1,'former','search','{"prefix":"sk-vx74...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792208553154795,'cli','create',2,'expired',NULL,'{"prefix":"sk-2ptq...","expires_at":"2026-10-18T03:42:33.153802Z"}');
INSERT INTO "audit" VALUES(3,1792208553156311,'cli','create',3,'everything','search','{"prefix":"sk-QQK2...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T03:42:33.155435Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792208553159818,'cli','set_team',NULL,NULL,'search','{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO "audit" VALUES(5,1792208553161755,'cli','set_team',NULL,NULL,'idle','{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7}}');
INSERT INTO "audit" VALUES(6,1795578153172060,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795664553174752,'cli','create',4,'rotated','voice','{"prefix":"sk-up3u...","team":"voice"}');
INSERT INTO "audit" VALUES(8,1795664553176686,'cli','rotate',4,'rotated','voice','{"prefix":{"old":"sk-up3u...","new":"sk-tnFm..."},"old_secret_until":"2036-11-23T03:42:33.175710Z"}');
INSERT INTO "audit" VALUES(9,1795664553178150,'cli','create',5,'chatting',NULL,'{"prefix":"sk-RkXR...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO "audit" VALUES(10,1795664553179725,'cli','set',5,'chatting',NULL,'{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO "audit" VALUES(11,1795664553180879,'cli','create',6,'anew',NULL,'{"prefix":"sk-1JfR..."}');
INSERT INTO "audit" VALUES(12,1795664553182135,'cli','set',6,'anew',NULL,'{"expires_at":{"old":null,"new":"2036-05-29T09:02:33.181466Z"}}');
CREATE TABLE calls (
	id INTEGER NOT NULL, 
	request_id TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	key_id INTEGER, 
	key_name TEXT, 
	team TEXT, 
	end_user TEXT, 
	route TEXT NOT NULL, 
	service TEXT NOT NULL, 
	region TEXT NOT NULL, 
	method TEXT NOT NULL, 
	path TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	model TEXT, 
	features TEXT NOT NULL, 
	tags TEXT NOT NULL, 
	status SMALLINT, 
	state TEXT NOT NULL, 
	reason TEXT, 
	transcript_id TEXT, 
	audio_ms BIGINT, 
	input_tokens BIGINT, 
	output_tokens BIGINT, 
	cached_tokens BIGINT, 
	cost_nano BIGINT, 
	breakdown TEXT, 
	usage TEXT, 
	duration_ms BIGINT, 
	closed_at BIGINT, 
	due_at BIGINT, 
	attempts INTEGER NOT NULL, 
	kept_nano BIGINT, 
	estimated BOOLEAN, 
	PRIMARY KEY (id)
);
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792217193162569,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1792217193163972,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792217193164804,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1792217193165413,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792251753166062,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1792251753166672,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792251753167164,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1792251753167708,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794524073168261,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1794524073168815,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794524073169321,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1794524073169857,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795578153172698,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1795578153173320,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(8,'84685318ec6feba2bc9658019d24fb75',1795664553191761,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"04a9e536f9b82d7565411577257b312d"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'99edbcbb-f623-456c-9173-796cc5ef4d47',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1795664553232160,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(9,'abcafb02a281dc4cbe328707bcf515b1',1795664553226974,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"402ddd402748303c2bc31ee10cc7829e"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'f9427fd3-8b69-42ee-9768-c5d71904cdac',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795664553235094,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(10,'a9de5324dc097fee25c079092dae9a9d',1795664553236239,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"e7ff983c886617598b6ed671917f9f21"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'d1c04f07-74b4-4713-b556-b0e35e1a7170',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795664556239159,0,NULL,NULL);
INSERT INTO "calls" VALUES(11,'0865ea48ab965afb69dceccd05a27796',1795664553240263,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"7b21a04687be5ce13f5b170ddf987914"}','{}',200,'settled',NULL,'fe9abc08-53bc-403f-aa58-e0a8197aeef7',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1795664553246895,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(12,'c3d2cc34e348613bcc36d36f04f1ecd3',1795664553243384,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"10de4e411ef94877f37948ed7163f0f5"}','{}',200,'failed',NULL,'b5ee8184-bbb8-4ae4-84f6-17c32cbc56e3',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795664553248415,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(13,'86e5fc48d4ed0ef4faa987fd5f33e93a',1795664553249215,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"2180126729c4bf2cb0ef4c862c10fa7d"}','{}',200,'pending',NULL,'4f6e434f-a324-4e19-b0d4-71e64b33fdac',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795664556250400,0,NULL,NULL);
INSERT INTO "calls" VALUES(14,'0ed566c0954802f2d0c425426f98a683',1795664553251276,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"809cf04c7bc7f56076d629463fafd5eb"}','{}',200,'settled',NULL,'669f35e1-517a-4675-b225-444520faf92e',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1795664553254152,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(15,'9a39f3fc95aa864c69b1489e6816ed4a',1795664553256184,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"]}',NULL,1795664553258882,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(16,'9bb52d2559be3eb56e7b9aa035d83782',1795664553259973,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"]}',NULL,1795664553263416,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(17,'9d7384bc1cff03fd18343646232c7fd0',1795664553264367,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"fe9abc08-53bc-403f-aa58-e0a8197aeef7","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1795664553267212,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(18,'d9e0b5a35b75aa3a40c17ab2a0d25dc2',1795664553268017,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795664553269334,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(19,'a8c7e6ef55c8ff5213561637a8f2b62b',1795664553274218,6,'anew',NULL,NULL,'/sync.assemblyai','sync','global','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1795664553279020,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(20,'88b41ed615ef812953cb55a44a7ccdf5',1795664553280001,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795664553282438,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795664553292005,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795665453292056,0,NULL,NULL);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795664553293414,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795665453294132,0,NULL,NULL);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795664553294588,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1795664553295668,NULL,0,7000000,0);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795664553296410,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795664553296954,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795664553297394,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795664553297941,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795664553298350,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[]}',NULL,1795664553298926,NULL,0,NULL,0);
CREATE TABLE holds (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	request_id TEXT NOT NULL, 
	call_id INTEGER, 
	key_id INTEGER, 
	team TEXT, 
	amount_nano BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL
);
INSERT INTO "holds" VALUES(3,'a9de5324dc097fee25c079092dae9a9d',NULL,3,'search',210000000,1795664553236239,1795671813237028);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795664553293414,1795664553294444);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795664553299980,2095664553300001);
CREATE TABLE keys (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	prefix TEXT NOT NULL, 
	team TEXT, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	revoked_at BIGINT, 
	region TEXT, 
	scope TEXT NOT NULL, 
	rpm INTEGER, 
	team_rpm INTEGER, 
	routes TEXT, 
	models TEXT, 
	features TEXT, 
	denied_features TEXT NOT NULL, 
	max_upload_bytes BIGINT, 
	allow_unpriced BOOLEAN NOT NULL, 
	tags TEXT NOT NULL, 
	budget_nano BIGINT, 
	budget_daily_nano BIGINT, 
	budget_monthly_nano BIGINT, 
	soft_budget_ratio FLOAT
);
INSERT INTO "keys" VALUES(1,'former','sk-vx74...','search',1792208553111390,NULL,1795578153171573,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-2ptq...',NULL,1792208553153802,1792294953153802,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-QQK2...','search',1792208553155435,2569808553155435,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001);
INSERT INTO "keys" VALUES(4,'rotated','sk-tnFm...','voice',1795664553173798,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-RkXR...',NULL,1795664553177378,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-1JfR...',NULL,1795664553180240,2095664553181466,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','3');
INSERT INTO "meta" VALUES('database_id','bdb19994-5d88-4131-bb86-4c6b900ce012');
INSERT INTO "meta" VALUES('created_at','1792208553113797');
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'A80A30E87807859C811CB9169E874AC741091ED362FB1590013197348FEA29F5',1,1792208553111390,NULL);
INSERT INTO "secrets" VALUES(X'9C4A6886F89BB941B47124C4760246E3C6D9A09645D276F091C0DEC429B1DA98',2,1792208553153802,NULL);
INSERT INTO "secrets" VALUES(X'CF3174F257CD3FDB50168A663EDBE372EE077273121E7F3C03A0C130C73CF191',3,1792208553155435,NULL);
INSERT INTO "secrets" VALUES(X'1BBBBACEDFD3C43E0493A02467C9E13D6819F3EFA68764216800912D5777E070',4,1795664553173798,2111024553175710);
INSERT INTO "secrets" VALUES(X'9FDA46EBD11A199B5FEF60B93A638902B91A12A1B5D74D4318E557970D2C4C20',4,1795664553175710,NULL);
INSERT INTO "secrets" VALUES(X'14234B9E9614156CD5D140478042079AA88D8BA21CE40B99D315CDF977A2A1E4',5,1795664553177378,NULL);
INSERT INTO "secrets" VALUES(X'3E2D40F95C5B5010F71F70AEB5AC60E5B181DD07AFC722D59861DEFED529666A',6,1795664553180240,NULL);
CREATE TABLE spend (
	scope TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	period TEXT NOT NULL, 
	spent_nano BIGINT NOT NULL, 
	held_nano BIGINT NOT NULL, 
	warned BOOLEAN NOT NULL, 
	PRIMARY KEY (scope, owner, period)
);
INSERT INTO "spend" VALUES('key','1','total',12345678902,0,0);
INSERT INTO "spend" VALUES('key','1','2026-10',12345678902,0,0);
INSERT INTO "spend" VALUES('key','1','2026-10-17',12345678902,0,0);
INSERT INTO "spend" VALUES('team','search','total',24692188359,210000000,0);
INSERT INTO "spend" VALUES('team','search','2026-10',12345678902,0,0);
INSERT INTO "spend" VALUES('team','search','2026-10-17',12345678902,0,0);
INSERT INTO "spend" VALUES('key','2','total',12345678902,0,0);
INSERT INTO "spend" VALUES('key','2','2026-10',12345678902,0,0);
INSERT INTO "spend" VALUES('key','2','2026-10-17',12345678902,0,0);
INSERT INTO "spend" VALUES('key','3','total',12346509457,210000000,1);
INSERT INTO "spend" VALUES('key','3','2026-11',12346509457,210000000,1);
INSERT INTO "spend" VALUES('key','3','2026-11-12',12345678902,0,0);
INSERT INTO "spend" VALUES('team','search','2026-11',12346509457,210000000,0);
INSERT INTO "spend" VALUES('team','search','2026-11-12',12345678902,0,0);
INSERT INTO "spend" VALUES('key','3','2026-11-26',830555,210000000,0);
INSERT INTO "spend" VALUES('team','search','2026-11-26',830555,210000000,0);
INSERT INTO "spend" VALUES('key','4','total',1733333,0,0);
INSERT INTO "spend" VALUES('key','4','2026-11',1733333,0,0);
INSERT INTO "spend" VALUES('key','4','2026-11-26',1733333,0,0);
INSERT INTO "spend" VALUES('team','voice','total',1733333,0,0);
INSERT INTO "spend" VALUES('team','voice','2026-11',1733333,0,0);
INSERT INTO "spend" VALUES('team','voice','2026-11-26',1733333,0,0);
INSERT INTO "spend" VALUES('key','5','total',7035792,12000000,0);
INSERT INTO "spend" VALUES('key','5','2026-11',7035792,12000000,0);
INSERT INTO "spend" VALUES('key','5','2026-11-26',7035792,12000000,0);
INSERT INTO "spend" VALUES('key','6','total',208333,0,0);
INSERT INTO "spend" VALUES('key','6','2026-11',208333,0,0);
INSERT INTO "spend" VALUES('key','6','2026-11-26',208333,0,0);
CREATE TABLE tag_totals (
	day TEXT NOT NULL, 
	tag TEXT NOT NULL, 
	calls BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	unpriced BIGINT NOT NULL, 
	audio_ms BIGINT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	cached_tokens BIGINT NOT NULL, 
	cost_nano BIGINT NOT NULL, 
	PRIMARY KEY (day, tag)
);
INSERT INTO "tag_totals" VALUES('2026-10-17','feature=captions',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "tag_totals" VALUES('2026-10-17','v=2',4,0,0,240000,0,0,0,24691357804);
INSERT INTO "tag_totals" VALUES('2026-11-12','feature=captions',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "tag_totals" VALUES('2026-11-12','v=2',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "tag_totals" VALUES('2026-11-12','été=it''s; --',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "tag_totals" VALUES('2026-11-26','feature=captions',2,1,0,13000,0,0,0,830555);
INSERT INTO "tag_totals" VALUES('2026-11-26','été=it''s; --',2,1,0,13000,0,0,0,830555);
CREATE TABLE teams (
	name TEXT NOT NULL, 
	budget_nano BIGINT, 
	budget_daily_nano BIGINT, 
	budget_monthly_nano BIGINT, 
	soft_budget_ratio FLOAT, 
	rpm INTEGER, 
	PRIMARY KEY (name)
);
INSERT INTO "teams" VALUES('search',1000000000000,NULL,99500000000,0.5,NULL);
INSERT INTO "teams" VALUES('idle',0,NULL,NULL,NULL,7);
CREATE TABLE totals (
	day TEXT NOT NULL, 
	key_id INTEGER NOT NULL, 
	key_name TEXT NOT NULL, 
	team TEXT NOT NULL, 
	model TEXT NOT NULL, 
	calls BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	unpriced BIGINT NOT NULL, 
	audio_ms BIGINT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	cached_tokens BIGINT NOT NULL, 
	cost_nano BIGINT NOT NULL, 
	PRIMARY KEY (day, key_id, key_name, team, model)
);
INSERT INTO "totals" VALUES('2026-10-17',1,'former','search','universal-2',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "totals" VALUES('2026-10-17',2,'expired','','universal-2',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "totals" VALUES('2026-11-12',3,'everything','search','universal-2',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "totals" VALUES('2026-11-25',0,'','','odd
''model''',1,0,0,60000,0,0,0,5);
INSERT INTO "totals" VALUES('2026-11-26',3,'everything','search','universal-3-5-pro',2,1,0,13000,0,0,0,830555);
INSERT INTO "totals" VALUES('2026-11-26',4,'rotated','voice','universal-3-5-pro',3,1,0,26000,0,0,0,1516666);
INSERT INTO "totals" VALUES('2026-11-26',5,'chatting','','gpt-5-mini',3,1,0,0,2,16,0,35750);
INSERT INTO "totals" VALUES('2026-11-26',4,'rotated','voice','',1,0,0,13000,0,0,0,216667);
INSERT INTO "totals" VALUES('2026-11-26',6,'anew','','gpt-5-mini',1,0,1,0,0,0,0,0);
INSERT INTO "totals" VALUES('2026-11-26',6,'anew','','',1,0,0,2500,0,0,0,208333);
INSERT INTO "totals" VALUES('2026-11-26',5,'chatting','','nobody-knows',2,0,2,60000,0,0,0,0);
INSERT INTO "totals" VALUES('2026-11-26',5,'chatting','','universal-2',1,1,0,0,0,0,0,0);
INSERT INTO "totals" VALUES('2026-11-26',5,'chatting','','dear-later',1,0,0,60000,0,0,0,42);
CREATE TABLE transcripts (
	region TEXT NOT NULL, 
	id TEXT NOT NULL, 
	call_id INTEGER NOT NULL, 
	owner TEXT NOT NULL, 
	key_id INTEGER, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	status TEXT NOT NULL, 
	completed_at BIGINT, 
	PRIMARY KEY (region, id), 
	UNIQUE (call_id), 
	FOREIGN KEY(call_id) REFERENCES calls (id)
);
INSERT INTO "transcripts" VALUES('us','99edbcbb-f623-456c-9173-796cc5ef4d47',8,'team:search',3,'everything','search',1795664553191761,'completed',1795664553232160);
INSERT INTO "transcripts" VALUES('us','f9427fd3-8b69-42ee-9768-c5d71904cdac',9,'team:search',3,'everything','search',1795664553226974,'error',1795664553235094);
INSERT INTO "transcripts" VALUES('us','d1c04f07-74b4-4713-b556-b0e35e1a7170',10,'team:search',3,'everything','search',1795664553236239,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','fe9abc08-53bc-403f-aa58-e0a8197aeef7',11,'team:voice',4,'rotated','voice',1795664553240263,'completed',1795664553246895);
INSERT INTO "transcripts" VALUES('us','b5ee8184-bbb8-4ae4-84f6-17c32cbc56e3',12,'team:voice',4,'rotated','voice',1795664553243384,'error',1795664553248415);
INSERT INTO "transcripts" VALUES('us','4f6e434f-a324-4e19-b0d4-71e64b33fdac',13,'team:voice',4,'rotated','voice',1795664553249215,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','669f35e1-517a-4675-b225-444520faf92e',14,'team:voice',4,'rotated','voice',1795664553251276,'completed',1795664553254152);
CREATE TABLE uploads (
	region TEXT NOT NULL, 
	hash BLOB NOT NULL, 
	key_id INTEGER, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	audio_ms BIGINT, 
	audio_channels INTEGER, 
	audio_counted BOOLEAN, 
	PRIMARY KEY (region, hash)
);
INSERT INTO "uploads" VALUES('us',X'1397E8CAB63BEB0B642998DA90CED4BC93D157AF799688A337464A11A2C0AB28',4,'rotated','voice',1795664553255404,NULL,NULL,NULL);
CREATE INDEX keys_team ON keys (team);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX ix_holds_request_id ON holds (request_id);
CREATE INDEX ix_secrets_key_id ON secrets (key_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('keys',6);
INSERT INTO "sqlite_sequence" VALUES('holds',9);
COMMIT;
