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
INSERT INTO "audit" VALUES(1,1792226896940958,'cli','create',1,'former','search','{"prefix":"sk-DTsi...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792226896952986,'cli','create',2,'expired',NULL,'{"prefix":"sk-H0pN...","expires_at":"2026-10-18T08:48:16.951833Z"}');
INSERT INTO "audit" VALUES(3,1792226896961200,'cli','create',3,'everything','search','{"prefix":"sk-6qWJ...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"max_sessions":3,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T08:48:16.960022Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792226896979000,'cli','set_team',NULL,NULL,'search','{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO "audit" VALUES(5,1792226896982065,'cli','set_team',NULL,NULL,'idle','{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7},"max_sessions":{"old":null,"new":0}}');
INSERT INTO "audit" VALUES(6,1795596497018877,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795682897030586,'cli','create',4,'rotated','voice','{"prefix":"sk-Bm9K...","team":"voice"}');
INSERT INTO "audit" VALUES(8,1795682897039571,'cli','rotate',4,'rotated','voice','{"prefix":{"old":"sk-Bm9K...","new":"sk-nl81..."},"old_secret_until":"2036-11-23T08:48:17.038618Z"}');
INSERT INTO "audit" VALUES(9,1795682897045748,'cli','create',5,'chatting',NULL,'{"prefix":"sk-kfiM...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO "audit" VALUES(10,1795682897050135,'cli','set',5,'chatting',NULL,'{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO "audit" VALUES(11,1795682897054110,'cli','create',6,'anew',NULL,'{"prefix":"sk-ZgrB..."}');
INSERT INTO "audit" VALUES(12,1795682897061440,'cli','set',6,'anew',NULL,'{"expires_at":{"old":null,"new":"2036-05-29T14:08:17.060646Z"}}');
CREATE TABLE calls (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
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
	characters BIGINT
);
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792235536986341,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792235536989809,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792235536993757,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792235536995606,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792270096999515,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792270097000843,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792270097002424,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792270097004822,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794542417006758,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794542417010065,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794542417012186,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794542417014004,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795596497023611,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795596497027292,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(8,'5a908ca08d1240c2b2c8f8d0df4c5d8d',1795682897090456,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"b8dc785d1a70fcc19900c1fe796a3e92"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'f3a45884-8015-4e27-88ef-300540cf55a4',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795682897236772,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(9,'2e832699a1d08593cc2088ffd766daba',1795682897216771,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"a2bc61fffa9128bff25af6af85ec3d3b"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'45c3f8dc-6f51-4968-8728-ff17da649468',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795682897251178,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(10,'7af29e6c15f4b5a8e4ce574e4e4b0d1d',1795682897253956,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"94ffe6b864535b3a4c7a61c6cef2f8bc"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'f25fe720-e149-4f10-992e-b69f8766457a',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795682900259999,0,NULL,NULL,NULL);
INSERT INTO "calls" VALUES(11,'2c5803394df6f9a04d1a2b6ad8359378',1795682897269582,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"1b8367acc48d8d8c1499bd8f5666b83f"}','{}',200,'settled',NULL,'4e1d4a9a-9fcf-44ab-b95b-38daff2414aa',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795682897322791,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(12,'9f3fa1d3030b7f8a5a94cf9e760f9ca4',1795682897287944,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"3581525f2acc893d02db96b71bd0d152"}','{}',200,'failed',NULL,'13f59427-61d5-47ee-80fa-e200a8ce611d',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795682897333137,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(13,'77d32933d835edd3de3e46549d0c5b77',1795682897335302,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"c4535d45a5cbac41fc30b6a120a837a7"}','{}',200,'pending',NULL,'c6a64565-a14f-4d3c-a437-81a1f844bcc4',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795682900341022,0,NULL,NULL,NULL);
INSERT INTO "calls" VALUES(14,'ffcaecc0ac780d0215d58ba371698465',1795682897344155,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"e604a9d28014c37580d29c47572acf5e"}','{}',200,'settled',NULL,'a3520869-acda-44ef-8a9a-fb3b953cf2e8',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795682897356848,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(15,'85aab744dc56716d963aa216a2d218f1',1795682897376526,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795682897408720,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(16,'107639e240c9466452ea8aadfc516c87',1795682897414562,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795682897424396,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(17,'8a2c99e744e145b2fc82bc81439df8de',1795682897429959,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"4e1d4a9a-9fcf-44ab-b95b-38daff2414aa","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795682897443134,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(18,'6cbb96588647fb9c068908c468086b44',1795682897452266,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795682897463792,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(19,'0c9b08ac2eea0a1ea94d89e31bf849a9',1795682897478537,6,'anew',NULL,NULL,'/sync.assemblyai','sync','global','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795682897494158,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(20,'7209d0464019357f57d8fb5b61c1263f',1795682897498219,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795682897513853,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795682897547983,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795683797548020,0,NULL,NULL,NULL);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795682897556153,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795683797557994,0,NULL,NULL,NULL);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795682897561972,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795682897566182,NULL,0,7000000,0,NULL);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795682897569965,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795682897573069,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795682897573970,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795682897575144,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795682897575602,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795682897580890,NULL,0,NULL,0,NULL);
INSERT INTO "calls" VALUES(27,'request-MainProcess-15',1795682897591009,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v3/ws','session',NULL,'{"models":["universal-streaming-english"]}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795769297594705,0,NULL,NULL,NULL);
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
INSERT INTO "holds" VALUES(3,'7af29e6c15f4b5a8e4ce574e4e4b0d1d',NULL,3,'search',210000000,1795682897253956,1795690157254755);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795682897556153,1795682897557202);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795682897589237,2095682897589278);
INSERT INTO "holds" VALUES(10,'request-MainProcess-15',NULL,5,NULL,5000000,1795682897591009,2095682897591035);
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
INSERT INTO "keys" VALUES(1,'former','sk-DTsi...','search',1792226896063857,NULL,1795596497018265,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-H0pN...',NULL,1792226896951833,1792313296951833,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-6qWJ...','search',1792226896960022,2569826896960022,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001,3);
INSERT INTO "keys" VALUES(4,'rotated','sk-nl81...','voice',1795682897029513,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-kfiM...',NULL,1795682897044918,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-ZgrB...',NULL,1795682897053385,2095682897060646,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','5');
INSERT INTO "meta" VALUES('database_id','8361e8b6-e730-4a0a-9b2e-9adbeb7e009b');
INSERT INTO "meta" VALUES('created_at','1792226896099048');
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
INSERT INTO "open_sessions" VALUES(27,'request-MainProcess-15',5,NULL,1795682897591009,1795682897598175,15000);
CREATE TABLE owned (
	service TEXT NOT NULL, 
	region TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	id TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	key_id INTEGER, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	call_id INTEGER, 
	PRIMARY KEY (service, region, kind, id)
);
INSERT INTO "owned" VALUES('agents','global','agent','agent-1','key:5',5,'chatting',NULL,1795682897601206,NULL);
INSERT INTO "owned" VALUES('agents','global','session','session-1','key:5',5,'chatting',NULL,1795682897607904,27);
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'D7DD8E4B0E33ADE95119E068635C6940450B3D36D9ED2C941D1A3F06BE273659',1,1792226896063857,NULL);
INSERT INTO "secrets" VALUES(X'A635A8DD161692F62A153E80EB25DFF0ED177798C9D2ACB28D1B6E3B50672088',2,1792226896951833,NULL);
INSERT INTO "secrets" VALUES(X'57972D93ABF65E0480270986BEF395202FC6AF778D63384688DB817E9492B12D',3,1792226896960022,NULL);
INSERT INTO "secrets" VALUES(X'3F8DCD1BC31500D35EA8C3FAE6F95633F66CAC216913DB352B217C1AC20B548D',4,1795682897029513,2111042897038618);
INSERT INTO "secrets" VALUES(X'5F1D4D13FB0BAA828D85CF7B41EF1163E1ACB9D9AB8A52B55F9481AE85645EE9',4,1795682897038618,NULL);
INSERT INTO "secrets" VALUES(X'F445F70FCC539F69505D561A853D33ABF6046A328FC0C730E5ABF8E0220E216E',5,1795682897044918,NULL);
INSERT INTO "secrets" VALUES(X'AAB0AA95FF2ED0C88932505859DA68668B1E29C9FB3B062951B7A85BD447AD0B',6,1795682897053385,NULL);
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
INSERT INTO "session_tokens" VALUES(X'5121C3424495595C380AD3C123AFBB29E472DA5B2C9EFB5E53341C4343704EBD',5,NULL,'streaming','global','user-7','{}',1795682897609172,1795683497609172,60,NULL);
INSERT INTO "session_tokens" VALUES(X'E61C56CBA3932D7570205C239D895957CAA3277F6460ACB65FEA13A35695D015',5,NULL,'streaming','global','user-7','{"page":"talk"}',1795682897633054,1795683497633054,60,NULL);
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
	characters BIGINT DEFAULT 0 NOT NULL, 
	PRIMARY KEY (day, tag)
);
INSERT INTO "tag_totals" VALUES('2026-10-17','feature=captions',2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "tag_totals" VALUES('2026-10-17','v=2',4,0,0,240000,0,0,0,24691357804,0);
INSERT INTO "tag_totals" VALUES('2026-11-13','feature=captions',2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "tag_totals" VALUES('2026-11-13','v=2',2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "tag_totals" VALUES('2026-11-13','été=it''s; --',2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "tag_totals" VALUES('2026-11-26','feature=captions',2,1,0,13000,0,0,0,830555,0);
INSERT INTO "tag_totals" VALUES('2026-11-26','été=it''s; --',2,1,0,13000,0,0,0,830555,0);
CREATE TABLE tagged_totals (
	day TEXT NOT NULL, 
	key_id INTEGER NOT NULL, 
	calls BIGINT NOT NULL, 
	failed BIGINT NOT NULL, 
	unpriced BIGINT NOT NULL, 
	audio_ms BIGINT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	cached_tokens BIGINT NOT NULL, 
	cost_nano BIGINT NOT NULL, 
	characters BIGINT DEFAULT 0 NOT NULL, 
	PRIMARY KEY (day, key_id)
);
INSERT INTO "tagged_totals" VALUES('2026-10-17',1,2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "tagged_totals" VALUES('2026-10-17',2,2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "tagged_totals" VALUES('2026-11-13',3,2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "tagged_totals" VALUES('2026-11-26',3,2,1,0,13000,0,0,0,830555,0);
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
	characters BIGINT DEFAULT 0 NOT NULL, 
	PRIMARY KEY (day, key_id, key_name, team, model)
);
INSERT INTO "totals" VALUES('2026-10-17',1,'former','search','universal-2',2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "totals" VALUES('2026-10-17',2,'expired','','universal-2',2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "totals" VALUES('2026-11-13',3,'everything','search','universal-2',2,0,0,120000,0,0,0,12345678902,0);
INSERT INTO "totals" VALUES('2026-11-25',0,'','','odd
''model''',1,0,0,60000,0,0,0,5,0);
INSERT INTO "totals" VALUES('2026-11-26',3,'everything','search','universal-3-5-pro',2,1,0,13000,0,0,0,830555,0);
INSERT INTO "totals" VALUES('2026-11-26',4,'rotated','voice','universal-3-5-pro',3,1,0,26000,0,0,0,1516666,0);
INSERT INTO "totals" VALUES('2026-11-26',5,'chatting','','gpt-5-mini',3,1,0,0,2,16,0,35750,0);
INSERT INTO "totals" VALUES('2026-11-26',4,'rotated','voice','',1,0,0,13000,0,0,0,216667,0);
INSERT INTO "totals" VALUES('2026-11-26',6,'anew','','gpt-5-mini',1,0,1,0,0,0,0,0,0);
INSERT INTO "totals" VALUES('2026-11-26',6,'anew','','',1,0,0,2500,0,0,0,208333,0);
INSERT INTO "totals" VALUES('2026-11-26',5,'chatting','','nobody-knows',2,0,2,60000,0,0,0,0,0);
INSERT INTO "totals" VALUES('2026-11-26',5,'chatting','','universal-2',1,1,0,0,0,0,0,0,0);
INSERT INTO "totals" VALUES('2026-11-26',5,'chatting','','dear-later',1,0,0,60000,0,0,0,42,0);
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
	UNIQUE (call_id)
);
INSERT INTO "transcripts" VALUES('us','f3a45884-8015-4e27-88ef-300540cf55a4',8,'team:search',3,'everything','search',1795682897090456,'completed',1795682897236772);
INSERT INTO "transcripts" VALUES('us','45c3f8dc-6f51-4968-8728-ff17da649468',9,'team:search',3,'everything','search',1795682897216771,'error',1795682897251178);
INSERT INTO "transcripts" VALUES('us','f25fe720-e149-4f10-992e-b69f8766457a',10,'team:search',3,'everything','search',1795682897253956,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','4e1d4a9a-9fcf-44ab-b95b-38daff2414aa',11,'team:voice',4,'rotated','voice',1795682897269582,'completed',1795682897322791);
INSERT INTO "transcripts" VALUES('us','13f59427-61d5-47ee-80fa-e200a8ce611d',12,'team:voice',4,'rotated','voice',1795682897287944,'error',1795682897333137);
INSERT INTO "transcripts" VALUES('us','c6a64565-a14f-4d3c-a437-81a1f844bcc4',13,'team:voice',4,'rotated','voice',1795682897335302,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','a3520869-acda-44ef-8a9a-fb3b953cf2e8',14,'team:voice',4,'rotated','voice',1795682897344155,'completed',1795682897356848);
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
INSERT INTO "uploads" VALUES('us',X'CFC52E74EC783169DCAF4E337DF40FB394475F94A97590339F710D805F3D4821',4,'rotated','voice',1795682897371182,NULL,NULL,NULL);
CREATE INDEX keys_team ON keys (team);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX calls_failed ON calls (at, id) WHERE state = 'failed';
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
CREATE INDEX calls_model ON calls (model, at, id);
CREATE INDEX calls_key_name ON calls (key_name, at, id);
CREATE INDEX calls_end_user ON calls (end_user, at, id) WHERE end_user IS NOT NULL;
CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
CREATE INDEX owned_listed ON owned (service, region, kind, owner, at, id);
CREATE INDEX kept_answers_at ON kept_answers (at);
CREATE INDEX ix_holds_request_id ON holds (request_id);
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX totals_model ON totals (model, day);
CREATE INDEX totals_team ON totals (team, day);
CREATE INDEX totals_key ON totals (key_id, day);
CREATE INDEX totals_key_name ON totals (key_name, day);
CREATE INDEX ix_secrets_key_id ON secrets (key_id);
CREATE INDEX open_sessions_key ON open_sessions (key_id);
CREATE INDEX open_sessions_team ON open_sessions (team);
CREATE INDEX session_tokens_expiry ON session_tokens (expires_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('keys',6);
INSERT INTO "sqlite_sequence" VALUES('calls',27);
INSERT INTO "sqlite_sequence" VALUES('holds',10);
COMMIT;
