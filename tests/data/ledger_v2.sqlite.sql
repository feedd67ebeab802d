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
INSERT INTO "audit" VALUES(1,1792201523097975,'cli','create',1,'former','search','{"prefix":"sk-qQyG...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792201523115362,'cli','create',2,'expired',NULL,'{"prefix":"sk-1pGC...","expires_at":"2026-10-18T01:45:23.114224Z"}');
INSERT INTO "audit" VALUES(3,1792201523123130,'cli','create',3,'everything','search','{"prefix":"sk-l9Ag...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T01:45:23.122104Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792201523129539,'cli','set_team',NULL,NULL,'search','{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO "audit" VALUES(5,1792201523137503,'cli','set_team',NULL,NULL,'idle','{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7}}');
INSERT INTO "audit" VALUES(6,1795571123203310,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795657523219589,'cli','create',4,'rotated','voice','{"prefix":"sk-O3BE...","team":"voice"}');
INSERT INTO "audit" VALUES(8,1795657523222638,'cli','rotate',4,'rotated','voice','{"prefix":{"old":"sk-O3BE...","new":"sk-MMMr..."},"old_secret_until":"2036-11-23T01:45:23.221688Z"}');
INSERT INTO "audit" VALUES(9,1795657523233235,'cli','create',5,'chatting',NULL,'{"prefix":"sk-lroh...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO "audit" VALUES(10,1795657523245392,'cli','set',5,'chatting',NULL,'{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO "audit" VALUES(11,1795657523252070,'cli','create',6,'anew',NULL,'{"prefix":"sk-uioK..."}');
INSERT INTO "audit" VALUES(12,1795657523258800,'cli','set',6,'anew',NULL,'{"expires_at":{"old":null,"new":"2036-05-29T07:05:23.253243Z"}}');
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
	PRIMARY KEY (id)
);
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792210163150369,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792210163154057,NULL,0);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792210163157986,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792210163159638,NULL,0);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792244723162111,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792244723166029,NULL,0);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792244723177959,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792244723184212,NULL,0);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794517043189386,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1794517043193188,NULL,0);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794517043194634,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1794517043196936,NULL,0);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795571123210050,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795571123214040,NULL,0);
INSERT INTO "calls" VALUES(8,'d52978e4e4776d443ba369fe593012ff',1795657523281193,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"01acdb0938b1d3614fd64432cafcbf05"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'7e1223ca-be47-4bd4-ae7a-7ee71c8e2f3c',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657523410558,NULL,0);
INSERT INTO "calls" VALUES(9,'49f1e696687b387ca9454d428d275c0a',1795657523378359,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"77c24a9f90a6c22fbceed114fd060da7"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'2a464aa4-4c61-4f66-97a1-dd61d2a78e4a',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795657523419395,NULL,0);
INSERT INTO "calls" VALUES(10,'705fc50639bb957c2e42e6b0fc4a05dd',1795657523432926,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"f63200c008bd8d4da94455face66d2e7"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'7a410e18-41f5-49e2-a650-d6153303a8f8',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795657526447672,0);
INSERT INTO "calls" VALUES(11,'e4c2696c097195133ce0064b8baf9d57',1795657523454365,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"ed89b298d0c4f917cc2036a602cbaa04"}','{}',200,'settled',NULL,'60d5fc79-1312-4e5b-8ea2-72dad39c1f00',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657523484110,NULL,0);
INSERT INTO "calls" VALUES(12,'e0da37be669efee73071e3715d855832',1795657523472733,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"b2a1dc53d4543b23474b02df7cdb4b2b"}','{}',200,'failed',NULL,'1b62762e-073e-4674-822f-9c47a17656a8',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795657523493748,NULL,0);
INSERT INTO "calls" VALUES(13,'d76973c800334ddd204a115a49f04e0b',1795657523509058,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"c9d9ad6eff820100bd8eae2d72242416"}','{}',200,'pending',NULL,'8c35e3a7-785f-4bbf-b55e-3e05044aee66',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795657526514520,0);
INSERT INTO "calls" VALUES(14,'fb20d2f6ea6568d02149a437f81b2dac',1795657523526914,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"9f76a5105190c50be7f8045a6c5ba37f"}','{}',200,'settled',NULL,'0035253a-4aeb-481c-b981-d8e9343caa8b',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657523543170,NULL,0);
INSERT INTO "calls" VALUES(15,'95a728f07d578cc3d8a335244cdee3ff',1795657523562272,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}',NULL,1795657523579149,NULL,0);
INSERT INTO "calls" VALUES(16,'1036fedcc202421898ed0cc700aea010',1795657523587783,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}',NULL,1795657523598954,NULL,0);
INSERT INTO "calls" VALUES(17,'3d50fc7f59cb3d3a8146517c78950dbd',1795657523605072,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"60d5fc79-1312-4e5b-8ea2-72dad39c1f00","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657523618582,NULL,0);
INSERT INTO "calls" VALUES(18,'71d6593343d60511296aae7d581ca7e2',1795657523630751,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795657523636450,NULL,0);
INSERT INTO "calls" VALUES(19,'662e24e52b68b4ffb6198135b6665289',1795657523645318,6,'anew',NULL,NULL,'/sync.assemblyai','sync','us','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"us","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657523659204,NULL,0);
INSERT INTO "calls" VALUES(20,'5e63ee791fb73a66268e4c419955143c',1795657523669002,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795657523690461,NULL,0);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795657523730406,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795658423730456,0);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795657523751800,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795658423758102,0);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795657523762426,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657523774048,NULL,0);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795657523777959,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795657523785976,NULL,0);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795657523792726,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795657523795781,NULL,0);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795657523805976,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657523808154,NULL,0);
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
INSERT INTO "holds" VALUES(3,'705fc50639bb957c2e42e6b0fc4a05dd',10,3,'search',210000000,1795657523432926,1796262323450818);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795657523751800,1795657523752846);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795657523825996,2095657523826030);
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
INSERT INTO "keys" VALUES(1,'former','sk-qQyG...','search',1792201522803607,NULL,1795571123202694,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-1pGC...',NULL,1792201523114224,1792287923114224,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-l9Ag...','search',1792201523122104,2569801523122104,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001);
INSERT INTO "keys" VALUES(4,'rotated','sk-MMMr...','voice',1795657523218574,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-lroh...',NULL,1795657523232478,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-uioK...',NULL,1795657523251360,2095657523253243,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','2');
INSERT INTO "meta" VALUES('database_id','41749cd9-d8e4-47ca-985a-0720e366b525');
INSERT INTO "meta" VALUES('created_at','1792201522806710');
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'4CCD29BE56340AB246CE4C6DF99588734C905D6514863AB95BCE44CFA8E117BE',1,1792201522803607,NULL);
INSERT INTO "secrets" VALUES(X'D8478E8C656CC0C78A3EC470E04FBB6D82890831F52AD2219D266587C5F1D176',2,1792201523114224,NULL);
INSERT INTO "secrets" VALUES(X'E23C73DE10C58B28B457A47C6C08B2AE05170C88E2E41B77EFD50B6EB60D87F1',3,1792201523122104,NULL);
INSERT INTO "secrets" VALUES(X'B769F2B178D8DDB50C3D71D5BAD92621A73B0105D8BFF7DF8E2DBB7B0E2EB697',4,1795657523218574,2111017523221688);
INSERT INTO "secrets" VALUES(X'1216BB5DD4A619A6703F1D823D57C87B8E1F7885B4CC404E2D8A96803AC2A0ED',4,1795657523221688,NULL);
INSERT INTO "secrets" VALUES(X'473B0CFF1C4E571903A72B577988272A41EFE00E27A5FAFEB59B353A9082E5C7',5,1795657523232478,NULL);
INSERT INTO "secrets" VALUES(X'B09E99664C36726453D62372E3A237FD6416F9E3B590AD5EE169AE9F44C98079',6,1795657523251360,NULL);
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
INSERT INTO "spend" VALUES('key','5','total',35792,12000000,0);
INSERT INTO "spend" VALUES('key','5','2026-11',35792,12000000,0);
INSERT INTO "spend" VALUES('key','5','2026-11-26',35792,12000000,0);
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
INSERT INTO "transcripts" VALUES('us','7e1223ca-be47-4bd4-ae7a-7ee71c8e2f3c',8,'team:search',3,'everything','search',1795657523281193,'completed',1795657523410558);
INSERT INTO "transcripts" VALUES('us','2a464aa4-4c61-4f66-97a1-dd61d2a78e4a',9,'team:search',3,'everything','search',1795657523378359,'error',1795657523419395);
INSERT INTO "transcripts" VALUES('us','7a410e18-41f5-49e2-a650-d6153303a8f8',10,'team:search',3,'everything','search',1795657523432926,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','60d5fc79-1312-4e5b-8ea2-72dad39c1f00',11,'team:voice',4,'rotated','voice',1795657523454365,'completed',1795657523484110);
INSERT INTO "transcripts" VALUES('us','1b62762e-073e-4674-822f-9c47a17656a8',12,'team:voice',4,'rotated','voice',1795657523472733,'error',1795657523493748);
INSERT INTO "transcripts" VALUES('us','8c35e3a7-785f-4bbf-b55e-3e05044aee66',13,'team:voice',4,'rotated','voice',1795657523509058,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','0035253a-4aeb-481c-b981-d8e9343caa8b',14,'team:voice',4,'rotated','voice',1795657523526914,'completed',1795657523543170);
CREATE TABLE uploads (
	region TEXT NOT NULL, 
	hash BLOB NOT NULL, 
	key_id INTEGER, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (region, hash)
);
INSERT INTO "uploads" VALUES('us',X'5C77ABD1454D88ECFAAA4D5CC50B24867DB6F31361B79E580ECEA866E128ED05',4,'rotated','voice',1795657523554181);
CREATE INDEX keys_team ON keys (team);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX ix_holds_request_id ON holds (request_id);
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX ix_secrets_key_id ON secrets (key_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
CREATE INDEX transcripts_owner ON transcripts (region, owner, call_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('keys',6);
INSERT INTO "sqlite_sequence" VALUES('holds',9);
COMMIT;
