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
INSERT INTO "audit" VALUES(1,1792221618583699,'cli','create',1,'former','search','{"prefix":"sk-Wghw...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792221618591160,'cli','create',2,'expired',NULL,'{"prefix":"sk-aesJ...","expires_at":"2026-10-18T07:20:18.590138Z"}');
INSERT INTO "audit" VALUES(3,1792221618595157,'cli','create',3,'everything','search','{"prefix":"sk-qPcH...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"max_sessions":3,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T07:20:18.594070Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792221618601578,'cli','set_team',NULL,NULL,'search','{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO "audit" VALUES(5,1792221618607570,'cli','set_team',NULL,NULL,'idle','{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7},"max_sessions":{"old":null,"new":0}}');
INSERT INTO "audit" VALUES(6,1795591218664120,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795677618679450,'cli','create',4,'rotated','voice','{"prefix":"sk-YhXa...","team":"voice"}');
INSERT INTO "audit" VALUES(8,1795677618683585,'cli','rotate',4,'rotated','voice','{"prefix":{"old":"sk-YhXa...","new":"sk-tCe8..."},"old_secret_until":"2036-11-23T07:20:18.682567Z"}');
INSERT INTO "audit" VALUES(9,1795677618687009,'cli','create',5,'chatting',NULL,'{"prefix":"sk-RhnM...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO "audit" VALUES(10,1795677618691307,'cli','set',5,'chatting',NULL,'{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO "audit" VALUES(11,1795677618694789,'cli','create',6,'anew',NULL,'{"prefix":"sk-gMEJ..."}');
INSERT INTO "audit" VALUES(12,1795677618698830,'cli','set',6,'anew',NULL,'{"expires_at":{"old":null,"new":"2036-05-29T12:40:18.698024Z"}}');
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
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792230258610342,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792230258618294,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792230258621987,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792230258625791,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792264818630151,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792264818634153,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792264818637534,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792264818642148,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794537138645240,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794537138650159,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794537138653971,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794537138658152,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795591218670081,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795591218674222,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(8,'ea522935b83e385854c87a83f1228ba8',1795677618710936,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"ad917785e5bedcca97d797de0144fc15"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'45b83f20-6324-433d-9c3d-cd53997ebc38',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795677618796168,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(9,'f494a0ab60572a355a7a42935a87fbc1',1795677618786416,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"750423ac68a1dfef2ffefb1462157338"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'60ab8d30-2755-4ef2-80db-f204cc4f739a',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795677618803018,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(10,'1c5793dc726d938157a3b878ccb3bfa8',1795677618806193,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"c2accf38ab5dde325654c28f97472cd0"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'bc6a7ec6-d604-47d3-81a2-dbe1acf2d217',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795677621814275,0,NULL,NULL);
INSERT INTO "calls" VALUES(11,'2ea3f2b8c13ca8ebe5d135e994535c38',1795677618822256,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"0a0b8a2f8acd854fde5605ad940fad5e"}','{}',200,'settled',NULL,'298d2f7f-b4be-4665-8688-f11d941dc694',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795677618831063,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(12,'4b733ee1b5e797cc82fc2967e0c40564',1795677618825832,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"a7c87efe8240d77025f946eb4bbcef69"}','{}',200,'failed',NULL,'ff8937bf-9a07-4b86-a3f2-6ab25a199822',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795677618832211,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(13,'41d4d24427083cb46aa3ab9af244384c',1795677618834082,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"d0fb44d5d0388cde48d2902777a630f6"}','{}',200,'pending',NULL,'837a54c8-6332-44f6-b6c9-4c8f2196a96b',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795677621838194,0,NULL,NULL);
INSERT INTO "calls" VALUES(14,'11bd96c24d714c0cfaf8399b41aa0355',1795677618838911,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"56ec68ea103cc2fab6ad39bdc4458f4b"}','{}',200,'settled',NULL,'bf8cf019-0159-45b4-8850-d9808913eb63',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795677618846422,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(15,'35a0e2fa1a4559e2cb395b11e6809dc3',1795677618851100,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795677618858482,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(16,'7b4bf02e5e902c537fbbaba58345d9e5',1795677618859508,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795677618870830,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(17,'75d5171cbfa84dc6f4c3f10eb0164b86',1795677618878203,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"298d2f7f-b4be-4665-8688-f11d941dc694","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795677618882592,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(18,'34d8f95c83f97368072ffe05a4a3bbfa',1795677618886169,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795677618890254,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(19,'ffcb496df23d3793093e5cd98d25af1c',1795677618899096,6,'anew',NULL,NULL,'/sync.assemblyai','sync','global','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795677618903467,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(20,'682efc581dab6920596c737cb23bb5cf',1795677618906212,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795677618911880,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795677618934289,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795678518934320,0,NULL,NULL);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795677618945722,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795678518949998,0,NULL,NULL);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795677618953986,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795677618962170,NULL,0,7000000,0);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795677618965973,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795677618970107,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795677618973977,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795677618974947,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795677618977955,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795677618982133,NULL,0,NULL,0);
INSERT INTO "calls" VALUES(27,'request-MainProcess-15',1795677618993979,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v3/ws','session',NULL,'{"models":["universal-streaming-english"]}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795764018994641,0,NULL,NULL);
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
INSERT INTO "holds" VALUES(3,'1c5793dc726d938157a3b878ccb3bfa8',NULL,3,'search',210000000,1795677618806193,1795684878806848);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795677618945722,1795677618946781);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795677618989956,2095677618989991);
INSERT INTO "holds" VALUES(10,'request-MainProcess-15',NULL,5,NULL,5000000,1795677618993979,2095677618994014);
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
INSERT INTO "keys" VALUES(1,'former','sk-Wghw...','search',1792221618024567,NULL,1795591218663553,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-aesJ...',NULL,1792221618590138,1792308018590138,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-qPcH...','search',1792221618594070,2569821618594070,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001,3);
INSERT INTO "keys" VALUES(4,'rotated','sk-tCe8...','voice',1795677618677997,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-RhnM...',NULL,1795677618686038,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-gMEJ...',NULL,1795677618694028,2095677618698024,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','4');
INSERT INTO "meta" VALUES('database_id','2b007972-4982-4404-b4fc-986f654b405c');
INSERT INTO "meta" VALUES('created_at','1792221618038721');
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
INSERT INTO "open_sessions" VALUES(27,'request-MainProcess-15',5,NULL,1795677618993979,1795677618995720,15000);
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'0FDD71785C4122C2EC528D06C50BCA9FDA4F5F605206C6E106EC03FF60050C53',1,1792221618024567,NULL);
INSERT INTO "secrets" VALUES(X'B7D985944EC48997602A25B5B5F68EB2B59EBC14D42C7373D5DF2B4485090BE9',2,1792221618590138,NULL);
INSERT INTO "secrets" VALUES(X'50DE929052D0447C15E0EED6F042B5D6E28B41A1F2A9ECD57E9856C2C5E25987',3,1792221618594070,NULL);
INSERT INTO "secrets" VALUES(X'65A4E837CA289F75319922E2F0C06866E0E0DEA52767D2E8FA033832ACE2D27F',4,1795677618677997,2111037618682567);
INSERT INTO "secrets" VALUES(X'1A9A3616496BBDB6F62CB35954C19295EF9B701790CB223AE17DE70154462184',4,1795677618682567,NULL);
INSERT INTO "secrets" VALUES(X'1AFE8320D958A913DA14BBFC2A738714B41C44AD4907DDB729893D42A337FCB6',5,1795677618686038,NULL);
INSERT INTO "secrets" VALUES(X'AA91328CF6498173FD771D6C81F4D2688186E9732FDC094B35D1858F70505938',6,1795677618694028,NULL);
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
INSERT INTO "session_tokens" VALUES(X'E049ECD6C6439256CF0C75FFAFE0D35B85D398C5817E3D75E4A4264599977A5A',5,NULL,'streaming','global','user-7','{}',1795677618997988,1795678218997988,60,NULL);
INSERT INTO "session_tokens" VALUES(X'C118CD24E63A5DC40E2279FCED9AA1EBB009660843E29902344D9D11E35B4824',5,NULL,'streaming','global','user-7','{"page":"talk"}',1795677619001984,1795678219001984,60,NULL);
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
INSERT INTO "transcripts" VALUES('us','45b83f20-6324-433d-9c3d-cd53997ebc38',8,'team:search',3,'everything','search',1795677618710936,'completed',1795677618796168);
INSERT INTO "transcripts" VALUES('us','60ab8d30-2755-4ef2-80db-f204cc4f739a',9,'team:search',3,'everything','search',1795677618786416,'error',1795677618803018);
INSERT INTO "transcripts" VALUES('us','bc6a7ec6-d604-47d3-81a2-dbe1acf2d217',10,'team:search',3,'everything','search',1795677618806193,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','298d2f7f-b4be-4665-8688-f11d941dc694',11,'team:voice',4,'rotated','voice',1795677618822256,'completed',1795677618831063);
INSERT INTO "transcripts" VALUES('us','ff8937bf-9a07-4b86-a3f2-6ab25a199822',12,'team:voice',4,'rotated','voice',1795677618825832,'error',1795677618832211);
INSERT INTO "transcripts" VALUES('us','837a54c8-6332-44f6-b6c9-4c8f2196a96b',13,'team:voice',4,'rotated','voice',1795677618834082,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','bf8cf019-0159-45b4-8850-d9808913eb63',14,'team:voice',4,'rotated','voice',1795677618838911,'completed',1795677618846422);
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
INSERT INTO "uploads" VALUES('us',X'7DB06FCC80B4D162D366CDE98AC0E6A52CB81A886D61231C791E3BFA72307DEA',4,'rotated','voice',1795677618850503,NULL,NULL,NULL);
CREATE INDEX keys_team ON keys (team);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
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
