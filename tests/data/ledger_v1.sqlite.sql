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
INSERT INTO "audit" VALUES(1,1792197762472498,'cli','create',1,'former','search','{"name":"former","key_id":1,"team":"search","prefix":"sk-SRMj...","created_at":"2026-10-17T00:42:42.154583Z","scope":"own","denied_features":[],"allow_unpriced":false,"tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792197762479821,'cli','create',2,'expired',NULL,'{"name":"expired","key_id":2,"prefix":"sk-zAah...","created_at":"2026-10-17T00:42:42.478887Z","expires_at":"2026-10-18T00:42:42.478887Z","scope":"own","denied_features":[],"allow_unpriced":false,"tags":{}}');
INSERT INTO "audit" VALUES(3,1792197762482504,'cli','create',3,'everything','search','{"name":"everything","key_id":3,"team":"search","prefix":"sk-Oui7...","created_at":"2026-10-17T00:42:42.481559Z","expires_at":"2051-06-08T00:42:42.481559Z","region":"us","scope":"own","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"team_rpm":6000,"routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792197762484152,'cli','set_team',NULL,NULL,'search','{"budget_nano":1000000000000,"budget_monthly_nano":99500000000,"soft_budget_ratio":0.5}');
INSERT INTO "audit" VALUES(5,1792197762486918,'cli','set_team',NULL,NULL,'idle','{"budget_nano":0,"rpm":7}');
INSERT INTO "audit" VALUES(6,1795567362524606,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795653762539102,'cli','create',4,'rotated','voice','{"name":"rotated","key_id":4,"team":"voice","prefix":"sk-gqUb...","created_at":"2026-11-26T00:42:42.537955Z","scope":"own","denied_features":[],"allow_unpriced":false,"tags":{}}');
INSERT INTO "audit" VALUES(8,1795653762543332,'cli','rotate',4,'rotated','voice','{"prefix":"sk-vk67...","old_secret_until":"2036-11-23T00:42:42.542398Z"}');
INSERT INTO "audit" VALUES(9,1795653762551004,'cli','create',5,'chatting',NULL,'{"name":"chatting","key_id":5,"prefix":"sk-Z9k8...","created_at":"2026-11-26T00:42:42.550004Z","scope":"all","budget_usd":"5","rpm":600,"denied_features":[],"allow_unpriced":false,"tags":{}}');
INSERT INTO "audit" VALUES(10,1795653762554874,'cli','set_budget',5,'chatting',NULL,'{"budget_monthly_nano":3000000000}');
INSERT INTO "audit" VALUES(11,1795653762558747,'cli','create',6,'anew',NULL,'{"name":"anew","key_id":6,"prefix":"sk-u6Qj...","created_at":"2026-11-26T00:42:42.558047Z","scope":"own","denied_features":[],"allow_unpriced":false,"tags":{}}');
INSERT INTO "audit" VALUES(12,1795653762561465,'cli','expire',6,'anew',NULL,'{"expires_at":2095653762560924}');
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
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792206402490702,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792206402494803,NULL,0);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792206402495962,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792206402496720,NULL,0);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792240962498010,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792240962498534,NULL,0);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792240962501988,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1792240962506233,NULL,0);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794513282510104,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1794513282511090,NULL,0);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794513282514698,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1794513282518026,NULL,0);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795567362526366,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795567362534072,NULL,0);
INSERT INTO "calls" VALUES(8,'0dc49d5050b0615e0ce0986185d6010a',1795653762567905,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"e1b157bdc96d4f3845d53766ca57d715"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'4e791069-d77c-450b-a6ab-a5bf52c61f9f',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795653762619270,NULL,0);
INSERT INTO "calls" VALUES(9,'895fa965e4f56855345c7d872a0060de',1795653762613194,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"d7b4819680c917e5df6c69d6a4f6cd22"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'0a6503bc-d77a-409f-990a-13df6d5d7028',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795653762621209,NULL,0);
INSERT INTO "calls" VALUES(10,'6eb073e9acb733c5841f6e3a2b02cdbe',1795653762622150,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"72eec4879ee13b2ad9c6001fe266823d"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'3831462e-a761-4658-abcc-058d4a465848',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795653765623850,0);
INSERT INTO "calls" VALUES(11,'ce474b807ebd9647351ddd8fcf150500',1795653762625771,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"18392686a54dce325a5192058d0a943d"}','{}',200,'settled',NULL,'0f3bd229-2178-427b-8868-c81a6a4f86eb',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795653762629789,NULL,0);
INSERT INTO "calls" VALUES(12,'8b7761c6a80b544d36476e76d6d45a85',1795653762627484,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"0c5e735dc304b60a9c816914b0456a4b"}','{}',200,'failed',NULL,'636a775d-a715-4e68-b16d-c9aa963ebab4',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795653762630779,NULL,0);
INSERT INTO "calls" VALUES(13,'9f091a7c9e5c83776e394d6c57f4f828',1795653762631439,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"50961232a44875ece0bfbea4f28a716e"}','{}',200,'pending',NULL,'7a4acc3c-eb20-44e5-9754-6a5afc5ede83',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795653765632530,0);
INSERT INTO "calls" VALUES(14,'70d2a6e9d80bdab45dc56f8376a6ec0b',1795653762633162,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"397895c46a5e8dc1140a5bcab2b1c67e"}','{}',200,'settled',NULL,'73250b01-9553-49fe-8d17-36d0bdb8c6ee',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795653762635078,NULL,0);
INSERT INTO "calls" VALUES(15,'fea23850488b42c39eff84f8e30ea0b3',1795653762637638,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}',NULL,1795653762640402,NULL,0);
INSERT INTO "calls" VALUES(16,'219f7473d93e6a001ae065e1b85b4e0e',1795653762641591,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":"gpt-5-mini"}',NULL,1795653762646328,NULL,0);
INSERT INTO "calls" VALUES(17,'c322302126b302b6553a779316885d50',1795653762650113,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"0f3bd229-2178-427b-8868-c81a6a4f86eb","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795653762655299,NULL,0);
INSERT INTO "calls" VALUES(18,'80dc3a80076d9725cffc497c4e007c5e',1795653762658488,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795653762659370,NULL,0);
INSERT INTO "calls" VALUES(19,'691f6c15dd64bb481e3a22eaf5c27b93',1795653762662627,6,'anew',NULL,NULL,'/sync.assemblyai','sync','us','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"us","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795653762664745,NULL,0);
INSERT INTO "calls" VALUES(20,'ad81244dadaaa6b0e11d7c69d5858a71',1795653762674099,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795653762686114,NULL,0);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795653762694858,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795654662694890,0);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795653762695902,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795654662696584,0);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795653762696903,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795653762697661,NULL,0);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795653762702893,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795653762703325,NULL,0);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795653762703725,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795653762704055,NULL,0);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795653762704524,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_model":null}',NULL,1795653762704884,NULL,0);
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
INSERT INTO "holds" VALUES(3,'6eb073e9acb733c5841f6e3a2b02cdbe',10,3,'search',210000000,1795653762622150,1796258562625236);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795653762695902,1795653762696921);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795653762713999,2095653762714018);
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
INSERT INTO "keys" VALUES(1,'former','sk-SRMj...','search',1792197762154583,NULL,1795567362523783,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-zAah...',NULL,1792197762478887,1792284162478887,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-Oui7...','search',1792197762481559,2569797762481559,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001);
INSERT INTO "keys" VALUES(4,'rotated','sk-vk67...','voice',1795653762537955,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-Z9k8...',NULL,1795653762550004,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-u6Qj...',NULL,1795653762558047,2095653762560924,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','1');
INSERT INTO "meta" VALUES('database_id','6f713526-59d5-4b1f-afc7-eac3916e9e4b');
INSERT INTO "meta" VALUES('created_at','1792197762166854');
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'E3B1347ECE78949EFC9E6BC6F55156754BB5CAB473F53B19EAB8BC417D9EAA23',1,1792197762154583,NULL);
INSERT INTO "secrets" VALUES(X'F096ECED457EABA690B3FA95B1C6E4689FE7A0D7BC586F11DD0FB740F41CEED7',2,1792197762478887,NULL);
INSERT INTO "secrets" VALUES(X'6A23CC9BC19C59B1934E75E254D95696AB826FD536FF41FBA4BD6835B8AC456D',3,1792197762481559,NULL);
INSERT INTO "secrets" VALUES(X'399753ACF1D0161C497EA27A927D05BA631742A55921B8C1BCBA8E09D24F75E4',4,1795653762537955,2111013762542398);
INSERT INTO "secrets" VALUES(X'62EE185E6D213B83DAB7BFADAEE79B3E20364E4A745D0ABBA5C23D42291ADF20',4,1795653762542398,NULL);
INSERT INTO "secrets" VALUES(X'9773531B3C65D314EFE1793C47BE924B8AD3BBFB6DA224673BE1612EF7D537CE',5,1795653762550004,NULL);
INSERT INTO "secrets" VALUES(X'07946D6EFC6861D5EAE7F595DB0BCFB62AF0878EFE5BC1299924216A019069CB',6,1795653762558047,NULL);
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
INSERT INTO "transcripts" VALUES('us','4e791069-d77c-450b-a6ab-a5bf52c61f9f',8,'team:search',3,'everything','search',1795653762567905,'completed',1795653762619270);
INSERT INTO "transcripts" VALUES('us','0a6503bc-d77a-409f-990a-13df6d5d7028',9,'team:search',3,'everything','search',1795653762613194,'error',1795653762621209);
INSERT INTO "transcripts" VALUES('us','3831462e-a761-4658-abcc-058d4a465848',10,'team:search',3,'everything','search',1795653762622150,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','0f3bd229-2178-427b-8868-c81a6a4f86eb',11,'team:voice',4,'rotated','voice',1795653762625771,'completed',1795653762629789);
INSERT INTO "transcripts" VALUES('us','636a775d-a715-4e68-b16d-c9aa963ebab4',12,'team:voice',4,'rotated','voice',1795653762627484,'error',1795653762630779);
INSERT INTO "transcripts" VALUES('us','7a4acc3c-eb20-44e5-9754-6a5afc5ede83',13,'team:voice',4,'rotated','voice',1795653762631439,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','73250b01-9553-49fe-8d17-36d0bdb8c6ee',14,'team:voice',4,'rotated','voice',1795653762633162,'completed',1795653762635078);
CREATE TABLE uploads (
	region TEXT NOT NULL, 
	hash BLOB NOT NULL, 
	key_id INTEGER, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (region, hash)
);
INSERT INTO "uploads" VALUES('us',X'9E3B6A86F3687ABDF4496622661E71FDD0297AC5531BC0D46DD944A4E6530AB3',4,'rotated','voice',1795653762636958);
CREATE INDEX keys_team ON keys (team);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX ix_holds_request_id ON holds (request_id);
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX ix_secrets_key_id ON secrets (key_id);
CREATE INDEX transcripts_owner ON transcripts (region, owner, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('keys',6);
INSERT INTO "sqlite_sequence" VALUES('holds',9);
COMMIT;
