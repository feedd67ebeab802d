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
INSERT INTO "audit" VALUES(1,1792224920913921,'cli','create',1,'former','search','{"prefix":"sk-6zUy...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792224920927103,'cli','create',2,'expired',NULL,'{"prefix":"sk-MP2s...","expires_at":"2026-10-18T08:15:20.926136Z"}');
INSERT INTO "audit" VALUES(3,1792224920930995,'cli','create',3,'everything','search','{"prefix":"sk-aWy5...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"max_sessions":3,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T08:15:20.930067Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792224920936806,'cli','set_team',NULL,NULL,'search','{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO "audit" VALUES(5,1792224920943169,'cli','set_team',NULL,NULL,'idle','{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7},"max_sessions":{"old":null,"new":0}}');
INSERT INTO "audit" VALUES(6,1795594520999713,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795680921009765,'cli','create',4,'rotated','voice','{"prefix":"sk-Fnhc...","team":"voice"}');
INSERT INTO "audit" VALUES(8,1795680921031437,'cli','rotate',4,'rotated','voice','{"prefix":{"old":"sk-Fnhc...","new":"sk-4D6M..."},"old_secret_until":"2036-11-23T08:15:21.030537Z"}');
INSERT INTO "audit" VALUES(9,1795680921038720,'cli','create',5,'chatting',NULL,'{"prefix":"sk-iIpy...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO "audit" VALUES(10,1795680921043066,'cli','set',5,'chatting',NULL,'{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO "audit" VALUES(11,1795680921045280,'cli','create',6,'anew',NULL,'{"prefix":"sk-mjUK..."}');
INSERT INTO "audit" VALUES(12,1795680921050832,'cli','set',6,'anew',NULL,'{"expires_at":{"old":null,"new":"2036-05-29T13:35:21.050210Z"}}');
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
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792233560946217,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792233560954145,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792233560961960,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792233560966077,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792268120966711,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792268120967325,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792268120970120,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792268120974047,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794540440982083,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794540440986049,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794540440989941,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794540440994090,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795594521001996,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795594521006058,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(8,'8fdb80cec27054e5d22cd0a339e4858e',1795680921063683,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"f632459aff6e1767595b4a80d8569c05"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'2334b6aa-a7d5-459a-8f2e-44d17b2b5f47',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680921131814,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(9,'4a625fd63fd7fc805eefa5e019037e1e',1795680921115366,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"09bb33cf2c129c245789b7bc1b4f2a47"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'9e01bbb2-6195-436d-bd7e-f6f3b98c261d',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795680921135373,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(10,'949185153ab080a7e9c53bf1920e86a1',1795680921136027,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"095c8cb7a5d1bdf9ffed48b4f1b0efe0"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'05fbeb0e-8459-460b-9faf-d458a1a9d823',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795680924154275,0,NULL,NULL);
INSERT INTO "calls" VALUES(11,'3be25cd90f6a7008adee49ffa612f59f',1795680921158412,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"750ffb0e21c3863d69140df6d47a6c20"}','{}',200,'settled',NULL,'064e30c6-6d4a-4867-89eb-87a18ed46549',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680921183269,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(12,'bea6cc6c78b28f9a07deb41b7c95dc07',1795680921174356,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"9b0c9ed0e2bf47b27bccb96d79fb3b36"}','{}',200,'failed',NULL,'6810935d-143e-48a3-9d90-a53750e98d44',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795680921190531,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(13,'fe30ec8af6a28b7d56b30d350f6335a1',1795680921191105,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"5aeef252fc4a13604aba41d08f76a73d"}','{}',200,'pending',NULL,'2d29b026-9a2f-4fe2-88f8-a7046c324edc',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795680924195207,0,NULL,NULL);
INSERT INTO "calls" VALUES(14,'2180a8b316b460c238b36e5f4e7a1da9',1795680921202263,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"b62167f54866a69e523b1e09fd2b71a1"}','{}',200,'settled',NULL,'dbdeb12f-c223-482c-822f-539060033ce8',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680921210981,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(15,'115f66dcb61d5c68b5b5223242b25868',1795680921222711,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795680921234713,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(16,'a95c45cb817b6356b4a935a8c46fb970',1795680921235668,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795680921241995,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(17,'c8fe938e71be01169483d39764c91d71',1795680921245324,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"064e30c6-6d4a-4867-89eb-87a18ed46549","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680921247359,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(18,'b7b873c7400b90d8069b5262fae36889',1795680921250244,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795680921254298,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(19,'d4933a034560fca240ee65be6057bd35',1795680921257622,6,'anew',NULL,NULL,'/sync.assemblyai','sync','global','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680921267254,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(20,'0c62467b8b48d4664e3d32b0c33b9561',1795680921267857,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795680921270205,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795680921289724,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795681821289752,0,NULL,NULL);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795680921297979,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795681821301956,0,NULL,NULL);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795680921302472,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680921310079,NULL,0,7000000,0);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795680921313944,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795680921318006,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795680921321943,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795680921330049,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795680921333940,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795680921338066,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(27,'request-MainProcess-15',1795680921345154,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v3/ws','session',NULL,'{"models":["universal-streaming-english"]}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795767321349944,0,NULL,NULL);
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
INSERT INTO "holds" VALUES(3,'949185153ab080a7e9c53bf1920e86a1',NULL,3,'search',210000000,1795680921136027,1795688181136577);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795680921297979,1795680921299013);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795680921341953,2095680921341980);
INSERT INTO "holds" VALUES(10,'request-MainProcess-15',NULL,5,NULL,5000000,1795680921345154,2095680921345179);
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
INSERT INTO "keys" VALUES(1,'former','sk-6zUy...','search',1792224920348470,NULL,1795594520999222,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-MP2s...',NULL,1792224920926136,1792311320926136,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-aWy5...','search',1792224920930067,2569824920930067,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001,3);
INSERT INTO "keys" VALUES(4,'rotated','sk-4D6M...','voice',1795680921007357,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-iIpy...',NULL,1795680921038017,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-mjUK...',NULL,1795680921044620,2095680921050210,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','5');
INSERT INTO "meta" VALUES('database_id','050280f7-188a-48f6-8c46-b95ba5c399e2');
INSERT INTO "meta" VALUES('created_at','1792224920358745');
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
INSERT INTO "open_sessions" VALUES(27,'request-MainProcess-15',5,NULL,1795680921345154,1795680921353941,15000);
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'0A1877EBEEB2CEB76A82A492E288BC86088A19BF755FABD81DC67C7A2A279D47',1,1792224920348470,NULL);
INSERT INTO "secrets" VALUES(X'0B1CA8856A5B1820F733B162CD48FEBC9FA0D553176AFAD55EC433CF8AC2462E',2,1792224920926136,NULL);
INSERT INTO "secrets" VALUES(X'40487C9BDD1480D55A3D6984B53926C2D6A32FF0CE941CF0A2F000DFE9C1FA79',3,1792224920930067,NULL);
INSERT INTO "secrets" VALUES(X'C9BFD64283CF0B543A8C4AB1DF22CAFA94507E2EDECB0501D8044626A9CBDBA1',4,1795680921007357,2111040921030537);
INSERT INTO "secrets" VALUES(X'7D1EB88B38C2C3917F57360D8A16E5B8AC146192D2C47B85BE43C918092DDD24',4,1795680921030537,NULL);
INSERT INTO "secrets" VALUES(X'4052E19FEB108B9C7C75E8A078AD57900B1628EEA44FBE0EA2D6D49C2CE64CBE',5,1795680921038017,NULL);
INSERT INTO "secrets" VALUES(X'D100488A9E8FFB640948346554A688964DE8CE4DD9B6EB8180ADF6E45F04A8E5',6,1795680921044620,NULL);
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
INSERT INTO "session_tokens" VALUES(X'6054AC9A84161DEAD79C2B428378B187CFA19CA5C0BCC26727964C02CA15E4B4',5,NULL,'streaming','global','user-7','{}',1795680921358004,1795681521358004,60,NULL);
INSERT INTO "session_tokens" VALUES(X'9F18D4077117CAB279F9F053678F651244A11042413D5D8570B816320D0EE72D',5,NULL,'streaming','global','user-7','{"page":"talk"}',1795680921361958,1795681521361958,60,NULL);
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
INSERT INTO "transcripts" VALUES('us','2334b6aa-a7d5-459a-8f2e-44d17b2b5f47',8,'team:search',3,'everything','search',1795680921063683,'completed',1795680921131814);
INSERT INTO "transcripts" VALUES('us','9e01bbb2-6195-436d-bd7e-f6f3b98c261d',9,'team:search',3,'everything','search',1795680921115366,'error',1795680921135373);
INSERT INTO "transcripts" VALUES('us','05fbeb0e-8459-460b-9faf-d458a1a9d823',10,'team:search',3,'everything','search',1795680921136027,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','064e30c6-6d4a-4867-89eb-87a18ed46549',11,'team:voice',4,'rotated','voice',1795680921158412,'completed',1795680921183269);
INSERT INTO "transcripts" VALUES('us','6810935d-143e-48a3-9d90-a53750e98d44',12,'team:voice',4,'rotated','voice',1795680921174356,'error',1795680921190531);
INSERT INTO "transcripts" VALUES('us','2d29b026-9a2f-4fe2-88f8-a7046c324edc',13,'team:voice',4,'rotated','voice',1795680921191105,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','dbdeb12f-c223-482c-822f-539060033ce8',14,'team:voice',4,'rotated','voice',1795680921202263,'completed',1795680921210981);
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
INSERT INTO "uploads" VALUES('us',X'4C63CC7E55F192B25F7B599309C0ED1EB9733E70FCF6661F0BE190193B60B12D',4,'rotated','voice',1795680921214472,NULL,NULL,NULL);
CREATE INDEX keys_team ON keys (team);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
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
