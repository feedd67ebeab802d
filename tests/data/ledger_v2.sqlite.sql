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
INSERT INTO "audit" VALUES(1,1792201734658344,'cli','create',1,'former','search','{"prefix":"sk-Cu3d...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792201734660423,'cli','create',2,'expired',NULL,'{"prefix":"sk-pxp4...","expires_at":"2026-10-18T01:48:54.659470Z"}');
INSERT INTO "audit" VALUES(3,1792201734661791,'cli','create',3,'everything','search','{"prefix":"sk-D6c0...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T01:48:54.660952Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792201734664806,'cli','set_team',NULL,NULL,'search','{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO "audit" VALUES(5,1792201734666489,'cli','set_team',NULL,NULL,'idle','{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7}}');
INSERT INTO "audit" VALUES(6,1795571334677024,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795657734679469,'cli','create',4,'rotated','voice','{"prefix":"sk-yaCS...","team":"voice"}');
INSERT INTO "audit" VALUES(8,1795657734687062,'cli','rotate',4,'rotated','voice','{"prefix":{"old":"sk-yaCS...","new":"sk-G0Uz..."},"old_secret_until":"2036-11-23T01:48:54.680423Z"}');
INSERT INTO "audit" VALUES(9,1795657734690961,'cli','create',5,'chatting',NULL,'{"prefix":"sk-f0fz...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO "audit" VALUES(10,1795657734694342,'cli','set',5,'chatting',NULL,'{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO "audit" VALUES(11,1795657734696241,'cli','create',6,'anew',NULL,'{"prefix":"sk-gBrU..."}');
INSERT INTO "audit" VALUES(12,1795657734697531,'cli','set',6,'anew',NULL,'{"expires_at":{"old":null,"new":"2036-05-29T07:08:54.696860Z"}}');
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
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792210374668043,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792210374669225,NULL,0);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792210374670122,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792210374670621,NULL,0);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792244934671314,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792244934671836,NULL,0);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792244934672358,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792244934672850,NULL,0);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794517254673452,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1794517254673960,NULL,0);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794517254674508,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1794517254675034,NULL,0);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795571334677579,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795571334678120,NULL,0);
INSERT INTO "calls" VALUES(8,'7211b8c6b424491ff916d9fbd5e9dea6',1795657734704892,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"3d331c4543eb1856d06f691d6a554fc9"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'2e4698ed-eb34-46f2-8a71-b9007365b233',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657734734852,NULL,0);
INSERT INTO "calls" VALUES(9,'64d1ad518be5f0310babe16541260114',1795657734728836,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"411bc38a8cf0a688eae6a5b05f16dc9e"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'3f1ac475-2941-44c5-82fa-e7d93d43dcc0',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795657734736426,NULL,0);
INSERT INTO "calls" VALUES(10,'612f43ec5d285121522908be4f14a9b3',1795657734737284,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"766cbd050973db9fa0c1c0a581371b3e"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'7757b41a-969e-4c91-ace0-8f69cdb5efa1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795657737738922,0);
INSERT INTO "calls" VALUES(11,'0c319bc08b52b3c5dfb8b517aaf2ebf2',1795657734743027,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"37a27e2c4f6e60d21860e20da9009392"}','{}',200,'settled',NULL,'4b0b143e-b15a-4213-8ad2-e5203ab2573f',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657734746492,NULL,0);
INSERT INTO "calls" VALUES(12,'b9d02bb0e0a4ccf14a6658cd61548c06',1795657734744498,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"57b64155c4e33540e2db52f423c6d951"}','{}',200,'failed',NULL,'24e0c2bf-2e5f-4ff9-ae7f-088fbf6faeeb',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795657734747419,NULL,0);
INSERT INTO "calls" VALUES(13,'962a1733d202f663f4643587ed830eeb',1795657734747951,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"3b5228592138bd8fe8e31bf5998dc7c3"}','{}',200,'pending',NULL,'b42244f7-434e-4374-aa23-d34392da0df8',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795657737748676,0);
INSERT INTO "calls" VALUES(14,'36d1b29b78e876968e84001705d63de0',1795657734749182,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"cc224878b3d22c636d3e5bff21713374"}','{}',200,'settled',NULL,'5d19c2e0-640b-455f-a013-9c9090f8c3a3',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657734751008,NULL,0);
INSERT INTO "calls" VALUES(15,'3435926d6246265df699fc8fc9a12548',1795657734752264,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}',NULL,1795657734754356,NULL,0);
INSERT INTO "calls" VALUES(16,'f7d6616426c3e21c1d8790240944758e',1795657734755284,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}',NULL,1795657734757956,NULL,0);
INSERT INTO "calls" VALUES(17,'f46b0447d80fc038e4f61c00a2a24911',1795657734758928,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"4b0b143e-b15a-4213-8ad2-e5203ab2573f","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657734760872,NULL,0);
INSERT INTO "calls" VALUES(18,'6fa699bf76dcafabf890d834549a3c1e',1795657734761578,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795657734762604,NULL,0);
INSERT INTO "calls" VALUES(19,'7b0ce1ff4e19ad1e8e16cee651e94627',1795657734765750,6,'anew',NULL,NULL,'/sync.assemblyai','sync','us','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"us","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657734767618,NULL,0);
INSERT INTO "calls" VALUES(20,'c7258460f8188e140126a9e9472b954c',1795657734768600,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795657734770272,NULL,0);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795657734777321,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795658634777359,0);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795657734778936,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795658634779801,0);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795657734780260,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657734781460,NULL,0);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795657734782458,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795657734782972,NULL,0);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795657734783644,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795657734784286,NULL,0);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795657734785139,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795657734785844,NULL,0);
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
INSERT INTO "holds" VALUES(3,'612f43ec5d285121522908be4f14a9b3',10,3,'search',210000000,1795657734737284,1796262534741557);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795657734778936,1795657734779959);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795657734786868,2095657734786882);
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
INSERT INTO "keys" VALUES(1,'former','sk-Cu3d...','search',1792201734261776,NULL,1795571334676610,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-pxp4...',NULL,1792201734659470,1792288134659470,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-D6c0...','search',1792201734660952,2569801734660952,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001);
INSERT INTO "keys" VALUES(4,'rotated','sk-G0Uz...','voice',1795657734678662,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-f0fz...',NULL,1795657734690061,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-gBrU...',NULL,1795657734695549,2095657734696860,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','2');
INSERT INTO "meta" VALUES('database_id','5e9923bb-44f8-40f2-bda2-3c8c314114e1');
INSERT INTO "meta" VALUES('created_at','1792201734290684');
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'57CA3C00A58497023B55FF350411AAAF51046321F034A304A913014B33943026',1,1792201734261776,NULL);
INSERT INTO "secrets" VALUES(X'EC9AB7E5375F2A2E9061597634C4F38800975A2018D22F2B890CF605E8AB911E',2,1792201734659470,NULL);
INSERT INTO "secrets" VALUES(X'51957CEACB6BDF7F066185303CAB25E1F16B53A0D97E033EA2F3B701B1F639F7',3,1792201734660952,NULL);
INSERT INTO "secrets" VALUES(X'2F109083954CB87FCB892B0D28847E6922A69565FE92AB98C7EC3368F3742B98',4,1795657734678662,2111017734680423);
INSERT INTO "secrets" VALUES(X'79B792505FFAFB8A5DA99A8FB9C04BD4DD664EBC073833C218EA865A81596191',4,1795657734680423,NULL);
INSERT INTO "secrets" VALUES(X'A77DCF5DE826C07757B868002C900B88A4CA9654000F837C1CDEDD00845E643B',5,1795657734690061,NULL);
INSERT INTO "secrets" VALUES(X'312BB9B6D7AE2F58C5A8A619E4D728AE473A487E838C7A7DCE16032BD119AB0E',6,1795657734695549,NULL);
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
INSERT INTO "transcripts" VALUES('us','2e4698ed-eb34-46f2-8a71-b9007365b233',8,'team:search',3,'everything','search',1795657734704892,'completed',1795657734734852);
INSERT INTO "transcripts" VALUES('us','3f1ac475-2941-44c5-82fa-e7d93d43dcc0',9,'team:search',3,'everything','search',1795657734728836,'error',1795657734736426);
INSERT INTO "transcripts" VALUES('us','7757b41a-969e-4c91-ace0-8f69cdb5efa1',10,'team:search',3,'everything','search',1795657734737284,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','4b0b143e-b15a-4213-8ad2-e5203ab2573f',11,'team:voice',4,'rotated','voice',1795657734743027,'completed',1795657734746492);
INSERT INTO "transcripts" VALUES('us','24e0c2bf-2e5f-4ff9-ae7f-088fbf6faeeb',12,'team:voice',4,'rotated','voice',1795657734744498,'error',1795657734747419);
INSERT INTO "transcripts" VALUES('us','b42244f7-434e-4374-aa23-d34392da0df8',13,'team:voice',4,'rotated','voice',1795657734747951,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','5d19c2e0-640b-455f-a013-9c9090f8c3a3',14,'team:voice',4,'rotated','voice',1795657734749182,'completed',1795657734751008);
CREATE TABLE uploads (
	region TEXT NOT NULL, 
	hash BLOB NOT NULL, 
	key_id INTEGER, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (region, hash)
);
INSERT INTO "uploads" VALUES('us',X'3E2FF760B85278B1DDA0D60942E8D1FC209AC5C6A7CF2F4F7DDC4A9E48697592',4,'rotated','voice',1795657734751768);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX keys_team ON keys (team);
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX ix_holds_request_id ON holds (request_id);
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX ix_secrets_key_id ON secrets (key_id);
CREATE INDEX transcripts_owner ON transcripts (region, owner, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('keys',6);
INSERT INTO "sqlite_sequence" VALUES('holds',9);
COMMIT;
