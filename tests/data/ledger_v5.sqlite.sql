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
INSERT INTO "audit" VALUES(1,1792224264001080,'cli','create',1,'former','search','{"prefix":"sk-4fFL...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792224264008147,'cli','create',2,'expired',NULL,'{"prefix":"sk-f3Fm...","expires_at":"2026-10-18T08:04:24.007268Z"}');
INSERT INTO "audit" VALUES(3,1792224264009518,'cli','create',3,'everything','search','{"prefix":"sk-7JTv...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"max_sessions":3,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T08:04:24.008688Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792224264017023,'cli','set_team',NULL,NULL,'search','{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO "audit" VALUES(5,1792224264023301,'cli','set_team',NULL,NULL,'idle','{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7},"max_sessions":{"old":null,"new":0}}');
INSERT INTO "audit" VALUES(6,1795593864052932,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795680264060878,'cli','create',4,'rotated','voice','{"prefix":"sk-p-5j...","team":"voice"}');
INSERT INTO "audit" VALUES(8,1795680264067599,'cli','rotate',4,'rotated','voice','{"prefix":{"old":"sk-p-5j...","new":"sk-odBm..."},"old_secret_until":"2036-11-23T08:04:24.066732Z"}');
INSERT INTO "audit" VALUES(9,1795680264071188,'cli','create',5,'chatting',NULL,'{"prefix":"sk-e__G...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO "audit" VALUES(10,1795680264075798,'cli','set',5,'chatting',NULL,'{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO "audit" VALUES(11,1795680264082064,'cli','create',6,'anew',NULL,'{"prefix":"sk-GlYm..."}');
INSERT INTO "audit" VALUES(12,1795680264084490,'cli','set',6,'anew',NULL,'{"expires_at":{"old":null,"new":"2036-05-29T13:24:24.083792Z"}}');
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
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792232904024320,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792232904030627,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792232904031460,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792232904034755,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792267464035394,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792267464036015,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792267464038330,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792267464040218,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794539784041017,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794539784046429,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794539784046961,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794539784050142,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795593864053769,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795593864057264,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(8,'c72a1ce651427755bdcca5bcacc5f87b',1795680264097244,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"2a8f50f03188395eea0bc4a5ac0f5f5f"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'e4a0b552-2fc5-4d77-aa15-be0f17a5f12b',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680264163029,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(9,'54be7b0afd1e600098808dfd06c8cb84',1795680264154930,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"9bd3d50a52178277fe6ba377a5fc91b1"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'2a481cb0-ab2e-4c39-845a-40b549f3d13a',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795680264166476,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(10,'7872620ee2696a3b0beb34b86885abac',1795680264167430,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"cac0419d0a8e1f0ee49b8a9f2934f755"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'6581d5df-3f89-43ea-b71f-249020b45d60',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795680267173586,0,NULL,NULL);
INSERT INTO "calls" VALUES(11,'e70b25b5614a6031ac8a74d288739a6b',1795680264174502,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"e66490f134407729411225657f861322"}','{}',200,'settled',NULL,'12e10795-0dc1-4164-9c22-ef0e97b6cb21',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680264187843,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(12,'8ad1ebd1e0da90d46b461994879949de',1795680264177346,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"ce945624342ce2311793a86298091bfe"}','{}',200,'failed',NULL,'6ce623da-8051-44ff-a99c-7b1ebfb11ede',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795680264194693,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(13,'d0b1689605fe4b11436522369b2140b3',1795680264196972,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"959361aff4ee5086f6b8e9d73eb196ec"}','{}',200,'pending',NULL,'85cfcf52-6aa6-4e9e-bc7c-deee53e78b0a',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795680267206432,0,NULL,NULL);
INSERT INTO "calls" VALUES(14,'8854a0dfe127f2df1d7f7870a81ab4f4',1795680264209696,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"33e5bdb49d83614d7a1c7379ba69772a"}','{}',200,'settled',NULL,'f30eddcc-5411-476b-8791-961cd7c87456',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680264219519,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(15,'2fb693d529143037daf675a960a51ebf',1795680264224464,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795680264230671,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(16,'6367fbd26aa21b959b61ee38997203ed',1795680264232810,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795680264242553,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(17,'e10043fbadc9b8efafba66262928e81e',1795680264243379,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"12e10795-0dc1-4164-9c22-ef0e97b6cb21","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680264250765,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(18,'5f79c138bb9fe765d15de1445d2da130',1795680264251901,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795680264253119,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(19,'06c982305152562ccba0812827f2f931',1795680264256202,6,'anew',NULL,NULL,'/sync.assemblyai','sync','global','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680264261190,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(20,'f99c1f16ff4d65de6cfa2f9c8e08917c',1795680264263275,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795680264265114,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795680264283559,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795681164283593,0,NULL,NULL);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795680264286020,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795681164286821,0,NULL,NULL);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795680264291304,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680264294709,NULL,0,7000000,0);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795680264295653,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795680264298085,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795680264298994,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795680264299539,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795680264299937,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680264301205,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(27,'request-MainProcess-15',1795680264307841,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v3/ws','session',NULL,'{"models":["universal-streaming-english"]}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795766664308326,0,NULL,NULL);
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
INSERT INTO "holds" VALUES(3,'7872620ee2696a3b0beb34b86885abac',NULL,3,'search',210000000,1795680264167430,1795687524168046);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795680264286020,1795680264287054);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795680264307289,2095680264307312);
INSERT INTO "holds" VALUES(10,'request-MainProcess-15',NULL,5,NULL,5000000,1795680264307841,2095680264307857);
CREATE TABLE kept_answers (
	scope BLOB NOT NULL, 
	"key" BLOB NOT NULL, 
	at BIGINT NOT NULL, 
	request_id TEXT NOT NULL, 
	call_at BIGINT NOT NULL, 
	digest BLOB, 
	known BOOLEAN, 
	status SMALLINT, 
	headers TEXT, 
	body BLOB, 
	PRIMARY KEY (scope, "key")
);
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
	soft_budget_ratio FLOAT, 
	max_sessions INTEGER
);
INSERT INTO "keys" VALUES(1,'former','sk-4fFL...','search',1792224263781816,NULL,1795593864052456,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-f3Fm...',NULL,1792224264007268,1792310664007268,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-7JTv...','search',1792224264008688,2569824264008688,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001,3);
INSERT INTO "keys" VALUES(4,'rotated','sk-odBm...','voice',1795680264058544,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-e__G...',NULL,1795680264070433,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-GlYm...',NULL,1795680264081275,2095680264083792,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','5');
INSERT INTO "meta" VALUES('database_id','35794c88-9174-4cbc-a885-05269fe3e444');
INSERT INTO "meta" VALUES('created_at','1792224263789755');
CREATE TABLE open_sessions (
	call_id INTEGER NOT NULL, 
	request_id TEXT NOT NULL, 
	key_id INTEGER, 
	team TEXT, 
	at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	elapsed_ms BIGINT NOT NULL, 
	PRIMARY KEY (call_id), 
	FOREIGN KEY(call_id) REFERENCES calls (id)
);
INSERT INTO "open_sessions" VALUES(27,'request-MainProcess-15',5,NULL,1795680264307841,1795680264309108,15000);
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'F2130D447921D9348C1994B4D151281970A39DB25AC4ACAA63DF970A61BD5AC1',1,1792224263781816,NULL);
INSERT INTO "secrets" VALUES(X'1894C140BA2720FD5E0404F5E1D205E4BEBAF9EEE39A5C8C0E70582C27EEA6E8',2,1792224264007268,NULL);
INSERT INTO "secrets" VALUES(X'6399EA7E982C31471727E4F20B8AE6E88CDED72774FFDD53A7FD2794B8193D77',3,1792224264008688,NULL);
INSERT INTO "secrets" VALUES(X'5A1425FEE1B9E3A34966081CD037AC2A6F2D252952AAE9624CBFD7F2D956FB5E',4,1795680264058544,2111040264066732);
INSERT INTO "secrets" VALUES(X'997CC6CB10B47CF26C082BE8B41FC5F3FC622FCADE499A63153F6B4134F3364B',4,1795680264066732,NULL);
INSERT INTO "secrets" VALUES(X'B090E7944A8EDA7BBA9381BE5F79A1A37A66AF2EBFD583477588AB6624CD6AE5',5,1795680264070433,NULL);
INSERT INTO "secrets" VALUES(X'2C427F4B412448D8FE59C85BEAF8330437897375E1EB2631E9916B113FC35800',6,1795680264081275,NULL);
CREATE TABLE session_tokens (
	hash BLOB NOT NULL, 
	key_id INTEGER, 
	team TEXT, 
	service TEXT NOT NULL, 
	region TEXT NOT NULL, 
	end_user TEXT, 
	tags TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	max_session_s INTEGER NOT NULL, 
	used_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "session_tokens" VALUES(X'6B6FA3C6FE2C65C700F5DEC37D86A664ECB017EB57412F399C66D13D5EAC5922',5,NULL,'streaming','global','user-7','{}',1795680264310344,1795680864310344,60,NULL);
INSERT INTO "session_tokens" VALUES(X'ABDF30A5A1BFE4489917EFA943DA85E680F807BDB68EE6DCCF528682CB503F6F',5,NULL,'streaming','global','user-7','{"page":"talk"}',1795680264311332,1795680864311332,60,NULL);
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
INSERT INTO "spend" VALUES('key','3','2026-11-13',12345678902,0,0);
INSERT INTO "spend" VALUES('team','search','2026-11',12346509457,210000000,0);
INSERT INTO "spend" VALUES('team','search','2026-11-13',12345678902,0,0);
INSERT INTO "spend" VALUES('key','3','2026-11-26',830555,210000000,0);
INSERT INTO "spend" VALUES('team','search','2026-11-26',830555,210000000,0);
INSERT INTO "spend" VALUES('key','4','total',1733333,0,0);
INSERT INTO "spend" VALUES('key','4','2026-11',1733333,0,0);
INSERT INTO "spend" VALUES('key','4','2026-11-26',1733333,0,0);
INSERT INTO "spend" VALUES('team','voice','total',1733333,0,0);
INSERT INTO "spend" VALUES('team','voice','2026-11',1733333,0,0);
INSERT INTO "spend" VALUES('team','voice','2026-11-26',1733333,0,0);
INSERT INTO "spend" VALUES('key','5','total',7035792,17000000,0);
INSERT INTO "spend" VALUES('key','5','2026-11',7035792,17000000,0);
INSERT INTO "spend" VALUES('key','5','2026-11-26',7035792,17000000,0);
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
INSERT INTO "tag_totals" VALUES('2026-11-13','feature=captions',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "tag_totals" VALUES('2026-11-13','v=2',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "tag_totals" VALUES('2026-11-13','été=it''s; --',2,0,0,120000,0,0,0,12345678902);
INSERT INTO "tag_totals" VALUES('2026-11-26','feature=captions',2,1,0,13000,0,0,0,830555);
INSERT INTO "tag_totals" VALUES('2026-11-26','été=it''s; --',2,1,0,13000,0,0,0,830555);
CREATE TABLE teams (
	name TEXT NOT NULL, 
	budget_nano BIGINT, 
	budget_daily_nano BIGINT, 
	budget_monthly_nano BIGINT, 
	soft_budget_ratio FLOAT, 
	rpm INTEGER, 
	max_sessions INTEGER, 
	PRIMARY KEY (name)
);
INSERT INTO "teams" VALUES('search',1000000000000,NULL,99500000000,0.5,NULL,NULL);
INSERT INTO "teams" VALUES('idle',0,NULL,NULL,NULL,7,0);
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
INSERT INTO "totals" VALUES('2026-11-13',3,'everything','search','universal-2',2,0,0,120000,0,0,0,12345678902);
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
INSERT INTO "transcripts" VALUES('us','e4a0b552-2fc5-4d77-aa15-be0f17a5f12b',8,'team:search',3,'everything','search',1795680264097244,'completed',1795680264163029);
INSERT INTO "transcripts" VALUES('us','2a481cb0-ab2e-4c39-845a-40b549f3d13a',9,'team:search',3,'everything','search',1795680264154930,'error',1795680264166476);
INSERT INTO "transcripts" VALUES('us','6581d5df-3f89-43ea-b71f-249020b45d60',10,'team:search',3,'everything','search',1795680264167430,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','12e10795-0dc1-4164-9c22-ef0e97b6cb21',11,'team:voice',4,'rotated','voice',1795680264174502,'completed',1795680264187843);
INSERT INTO "transcripts" VALUES('us','6ce623da-8051-44ff-a99c-7b1ebfb11ede',12,'team:voice',4,'rotated','voice',1795680264177346,'error',1795680264194693);
INSERT INTO "transcripts" VALUES('us','85cfcf52-6aa6-4e9e-bc7c-deee53e78b0a',13,'team:voice',4,'rotated','voice',1795680264196972,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','f30eddcc-5411-476b-8791-961cd7c87456',14,'team:voice',4,'rotated','voice',1795680264209696,'completed',1795680264219519);
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
INSERT INTO "uploads" VALUES('us',X'1C29AEB44F4E99A89EB5BC5651E8535095651EF410B7F39FBCA4ACB710F1FE4C',4,'rotated','voice',1795680264223677,NULL,NULL,NULL);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX keys_team ON keys (team);
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX kept_answers_at ON kept_answers (at);
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX ix_holds_request_id ON holds (request_id);
CREATE INDEX ix_secrets_key_id ON secrets (key_id);
CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
CREATE INDEX open_sessions_team ON open_sessions (team);
CREATE INDEX open_sessions_key ON open_sessions (key_id);
CREATE INDEX session_tokens_expiry ON session_tokens (expires_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('keys',6);
INSERT INTO "sqlite_sequence" VALUES('holds',10);
COMMIT;
