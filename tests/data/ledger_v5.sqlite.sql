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
INSERT INTO "audit" VALUES(1,1792227534212229,'cli','create',1,'former','search','{"prefix":"sk-Cwf-...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO "audit" VALUES(2,1792227534214232,'cli','create',2,'expired',NULL,'{"prefix":"sk-Ti8V...","expires_at":"2026-10-18T08:58:54.213439Z"}');
INSERT INTO "audit" VALUES(3,1792227534215638,'cli','create',3,'everything','search','{"prefix":"sk-5r5K...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"max_sessions":3,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T08:58:54.214851Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\u00e9t\u00e9":"it''s; --"}}');
INSERT INTO "audit" VALUES(4,1792227534218797,'cli','set_team',NULL,NULL,'search','{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO "audit" VALUES(5,1792227534220378,'cli','set_team',NULL,NULL,'idle','{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7},"max_sessions":{"old":null,"new":0}}');
INSERT INTO "audit" VALUES(6,1795597134230386,'cli','revoke',1,'former','search','{}');
INSERT INTO "audit" VALUES(7,1795683534232668,'cli','create',4,'rotated','voice','{"prefix":"sk-XgeB...","team":"voice"}');
INSERT INTO "audit" VALUES(8,1795683534234220,'cli','rotate',4,'rotated','voice','{"prefix":{"old":"sk-XgeB...","new":"sk-1glN..."},"old_secret_until":"2036-11-23T08:58:54.233460Z"}');
INSERT INTO "audit" VALUES(9,1795683534235410,'cli','create',5,'chatting',NULL,'{"prefix":"sk-Yqf7...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO "audit" VALUES(10,1795683534236819,'cli','set',5,'chatting',NULL,'{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO "audit" VALUES(11,1795683534238971,'cli','create',6,'anew',NULL,'{"prefix":"sk-B3TX..."}');
INSERT INTO "audit" VALUES(12,1795683534239988,'cli','set',6,'anew',NULL,'{"expires_at":{"old":null,"new":"2036-05-29T14:18:54.239462Z"}}');
CREATE TABLE budgets (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	scope TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	budget_nano BIGINT, 
	budget_daily_nano BIGINT, 
	budget_monthly_nano BIGINT, 
	soft_budget_ratio FLOAT, 
	extra_budget_nano BIGINT, 
	extra_budget_until BIGINT
);
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
	characters BIGINT, 
	budgets TEXT
);
INSERT INTO "calls" VALUES(1,'request-MainProcess-1',1792236174221208,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792236174222642,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(2,'request-MainProcess-2',1792236174223518,1,'former','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792236174224137,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(3,'request-MainProcess-3',1792270734224724,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792270734225248,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(4,'request-MainProcess-4',1792270734225758,2,'expired',NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1792270734226359,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(5,'request-MainProcess-5',1794543054226886,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,12345678901,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794543054227409,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(6,'request-MainProcess-6',1794543054227957,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{"v":"2","feature":"captions","\u00e9t\u00e9":"it''s; --"}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,1,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]','{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1794543054228493,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(7,'request-MainProcess-7',1795597134230877,NULL,NULL,NULL,NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','odd
''model''','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,5,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]','{"kind":"transcript","model":"odd\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795597134231431,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(8,'0c0a6c9cfe40a1b18bbd5a4f4bdac9c5',1795683534248130,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"5333f5a032c477371c35dc167067433e"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'settled',NULL,'e8abb4ba-ea25-48cd-a6c7-494d9c0aab15',13000,NULL,NULL,0,830555,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795683534276574,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(9,'5e042020c94bd140bf7477838fea79f6',1795683534273047,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"d928fcca0fe59f43e481e73df921c25b"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'failed',NULL,'773199a2-ade8-4575-aea3-4c9198d65a1d',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795683534278329,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(10,'523d2571f19d50e8131beecca96cf265',1795683534278976,3,'everything','search',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"2a00d3e24f03a020f595d5ee52564796"}','{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',200,'pending',NULL,'d81f994a-b374-48b7-921e-d4a723cb7466',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795683537280483,0,NULL,NULL,NULL,NULL);
INSERT INTO "calls" VALUES(11,'2dfdfad1982d46aa749733c8586c0bfe',1795683534281030,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"8f76dab6d67a2962d77b37853e6905ec"}','{}',200,'settled',NULL,'b9114220-13ad-4058-9181-ae98e167e39a',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795683534284373,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(12,'68b70732f4abb0298ab7298e0789e05a',1795683534282475,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"65fc0d3de64f863380d00d2380a8c264"}','{}',200,'failed',NULL,'e2dee28f-38e7-4a1b-bec7-67b0b6ff3f6f',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795683534285260,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(13,'928fc3696e138c09b879ddc40ae5ba24',1795683534285736,4,'rotated','voice',NULL,'/assemblyai','api','us','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"825ddd90e0b2ea7228585370cb7b4751"}','{}',200,'pending',NULL,'0e8075e2-2f31-453e-927a-50bed35904cf',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795683537286568,0,NULL,NULL,NULL,NULL);
INSERT INTO "calls" VALUES(14,'1b0a73ead9bb27587cb2943325436bf0',1795683534287089,4,'rotated','voice',NULL,'/eu.assemblyai','api','eu','POST','/v2/transcript','transcript','universal-3-5-pro','{"models":["universal-3-5-pro"],"audio":"5dd303609f3f217bc7c95ffb6a564819"}','{}',200,'settled',NULL,'89ebb62a-a377-497d-ac27-54bcaaa02fd7',13000,NULL,NULL,0,758333,'[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]','{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795683534288773,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(15,'5c1a5f05b2b58564be3ca1f81bb30b12',1795683534290081,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795683534291899,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(16,'d1cf4c3e427d26a695577bd82260c4fb',1795683534292670,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}','{}',200,'settled',NULL,NULL,NULL,1,8,0,17875,'[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]','{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}',NULL,1795683534294819,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(17,'7b291f7614273c597cccf3ac12961511',1795683534295430,4,'rotated','voice',NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/understanding','understanding',NULL,'{"features":["speech_understanding.translation"],"transcript_id":"b9114220-13ad-4058-9181-ae98e167e39a","audio_ms":13000}','{}',200,'settled',NULL,NULL,13000,NULL,NULL,0,216667,'[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]','{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795683534297248,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(18,'b971b797fc08d461da4675a60ee21a62',1795683534297820,6,'anew',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}','{}',200,'unpriced','the reply has no usage',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795683534298737,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(19,'f6253908554c16b1993f41aa5ac4e18c',1795683534304719,6,'anew',NULL,NULL,'/sync.assemblyai','sync','global','POST','/v1/transcribe','sync',NULL,'{}','{}',200,'settled',NULL,NULL,2500,NULL,NULL,0,208333,'[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]','{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795683534306676,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(20,'c9fa229ffce390a63d29e589779d60ab',1795683534307394,5,'chatting',NULL,NULL,'/llm-gateway.assemblyai','llm-gateway','us','POST','/v1/chat/completions','chat','gpt-5-mini','{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}','{}',500,'failed',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1795683534309261,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(21,'request-MainProcess-8',1795683534317591,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795684434317627,0,NULL,NULL,NULL,NULL);
INSERT INTO "calls" VALUES(22,'request-MainProcess-9',1795683534318868,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795684434319480,0,NULL,NULL,NULL,NULL);
INSERT INTO "calls" VALUES(23,'request-MainProcess-10',1795683534320023,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',200,'unpriced','no price',NULL,60000,NULL,NULL,0,NULL,NULL,'{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795683534321059,NULL,0,7000000,0,NULL,NULL);
INSERT INTO "calls" VALUES(24,'request-MainProcess-11',1795683534321950,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','nobody-knows','{}','{}',NULL,'unpriced','usage was not seen',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795683534322476,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(25,'request-MainProcess-12',1795683534322836,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','universal-2','{}','{}',500,'failed','upstream failed',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1250,1795683534323294,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(26,'request-MainProcess-13',1795683534326000,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v2/transcript','transcript','dear-later','{}','{}',NULL,'settled',NULL,NULL,60000,NULL,NULL,0,42,'[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]','{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}',NULL,1795683534326526,NULL,0,NULL,0,NULL,NULL);
INSERT INTO "calls" VALUES(27,'request-MainProcess-15',1795683534327918,5,'chatting',NULL,'user-7','/assemblyai','api','us','POST','/v3/ws','session',NULL,'{"models":["universal-streaming-english"]}','{}',NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795769934328432,0,NULL,NULL,NULL,NULL);
CREATE TABLE holds (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	request_id TEXT NOT NULL, 
	call_id INTEGER, 
	key_id INTEGER, 
	team TEXT, 
	amount_nano BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	budgets TEXT
);
INSERT INTO "holds" VALUES(3,'523d2571f19d50e8131beecca96cf265',NULL,3,'search',210000000,1795683534278976,1795690794279378,NULL);
INSERT INTO "holds" VALUES(7,'request-MainProcess-9',NULL,5,NULL,3000000,1795683534318868,1795683534319893,NULL);
INSERT INTO "holds" VALUES(9,'request-MainProcess-14',NULL,5,NULL,9000000,1795683534327476,2095683534327494,NULL);
INSERT INTO "holds" VALUES(10,'request-MainProcess-15',NULL,5,NULL,5000000,1795683534327918,2095683534327933,NULL);
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
	max_sessions INTEGER, 
	extra_budget_nano BIGINT, 
	extra_budget_until BIGINT, 
	tpm INTEGER, 
	max_parallel INTEGER
);
INSERT INTO "keys" VALUES(1,'former','sk-Cwf-...','search',1792227534152492,NULL,1795597134230014,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{"feature":"captions"}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(2,'expired','sk-Ti8V...',NULL,1792227534213439,1792313934213439,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(3,'everything','sk-5r5K...','search',1792227534214851,2569827534214851,NULL,'us','own',600,6000,'["/assemblyai","/sync.assemblyai"]','["universal-2","universal-3-5-pro"]','["auto_chapters","speaker_labels"]','["redact_pii"]',1000000,1,'{"feature":"captions","\u00e9t\u00e9":"it''s; --"}',100000000001,10000000000,50000000000,0.0001,3,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(4,'rotated','sk-1glN...','voice',1795683534231831,NULL,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(5,'chatting','sk-Yqf7...',NULL,1795683534234787,NULL,NULL,NULL,'all',600,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',5000000000,NULL,3000000000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "keys" VALUES(6,'anew','sk-B3TX...',NULL,1795683534237273,2095683534239462,NULL,NULL,'own',NULL,NULL,NULL,NULL,NULL,'[]',NULL,0,'{}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema_version','5');
INSERT INTO "meta" VALUES('database_id','b08d2a4f-f626-4aa0-a285-d451bf8a2896');
INSERT INTO "meta" VALUES('created_at','1792227534154568');
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
INSERT INTO "open_sessions" VALUES(27,'request-MainProcess-15',5,NULL,1795683534327918,1795683534328979,15000);
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
INSERT INTO "owned" VALUES('agents','global','agent','agent-1','key:5',5,'chatting',NULL,1795683534330106,NULL);
INSERT INTO "owned" VALUES('agents','global','session','session-1','key:5',5,'chatting',NULL,1795683534330539,27);
CREATE TABLE secrets (
	hash BLOB NOT NULL, 
	key_id INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
);
INSERT INTO "secrets" VALUES(X'F29F8C7A02441028FE67FBB31D22062687E854DCF2DFD72BEFF155F97BD88834',1,1792227534152492,NULL);
INSERT INTO "secrets" VALUES(X'2B77B34E7DC633FA103506373D82B4DB4344AFF0A2074DBB20B611A20EA38BCF',2,1792227534213439,NULL);
INSERT INTO "secrets" VALUES(X'118BE7713C0C96884C2BE077311FB3C05AD5188CCC3CE3A5CE2C130F94E0C975',3,1792227534214851,NULL);
INSERT INTO "secrets" VALUES(X'740E4C599343FFC613FD1D69CE1389A8F4914A766B5CB128842CF9A207D20D69',4,1795683534231831,2111043534233460);
INSERT INTO "secrets" VALUES(X'6E4AF3B13543828A764293FDBB77625D5D64CC74A43B52AF40C71F0B5CB86E07',4,1795683534233460,NULL);
INSERT INTO "secrets" VALUES(X'F88D6F4F0682D2278648CEA427003BB69B611C872644CC7C5CE7E93BFF5E3B04',5,1795683534234787,NULL);
INSERT INTO "secrets" VALUES(X'64E9917E2684AB3D349959E79BC7632B3B232E40C7FCB00EA6E3DE984D15289B',6,1795683534237273,NULL);
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
INSERT INTO "session_tokens" VALUES(X'EEAFECF92BFEF8C9A7BB64D5129950F9AF9E94138BBB035A59B2D2C45388941D',5,NULL,'streaming','global','user-7','{}',1795683534330921,1795684134330921,60,NULL);
INSERT INTO "session_tokens" VALUES(X'4E289FAD59B577A5A0403F9FC66DC0E1D874E3606B06CBCBCBAFD984CCD49A1F',5,NULL,'streaming','global','user-7','{"page":"talk"}',1795683534331401,1795684134331401,60,NULL);
CREATE TABLE spend (
	scope TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	period TEXT NOT NULL, 
	spent_nano BIGINT NOT NULL, 
	held_nano BIGINT NOT NULL, 
	warned BOOLEAN NOT NULL, 
	told INTEGER, 
	PRIMARY KEY (scope, owner, period)
);
INSERT INTO "spend" VALUES('key','1','total',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('key','1','2026-10',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('key','1','2026-10-17',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('team','search','total',24692188359,210000000,0,NULL);
INSERT INTO "spend" VALUES('team','search','2026-10',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('team','search','2026-10-17',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('key','2','total',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('key','2','2026-10',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('key','2','2026-10-17',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('key','3','total',12346509457,210000000,0,100);
INSERT INTO "spend" VALUES('key','3','2026-11',12346509457,210000000,0,100);
INSERT INTO "spend" VALUES('key','3','2026-11-13',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('team','search','2026-11',12346509457,210000000,0,NULL);
INSERT INTO "spend" VALUES('team','search','2026-11-13',12345678902,0,0,NULL);
INSERT INTO "spend" VALUES('key','3','2026-11-26',830555,210000000,0,NULL);
INSERT INTO "spend" VALUES('team','search','2026-11-26',830555,210000000,0,NULL);
INSERT INTO "spend" VALUES('key','4','total',1733333,0,0,NULL);
INSERT INTO "spend" VALUES('key','4','2026-11',1733333,0,0,NULL);
INSERT INTO "spend" VALUES('key','4','2026-11-26',1733333,0,0,NULL);
INSERT INTO "spend" VALUES('team','voice','total',1733333,0,0,NULL);
INSERT INTO "spend" VALUES('team','voice','2026-11',1733333,0,0,NULL);
INSERT INTO "spend" VALUES('team','voice','2026-11-26',1733333,0,0,NULL);
INSERT INTO "spend" VALUES('key','5','total',7035792,17000000,0,NULL);
INSERT INTO "spend" VALUES('key','5','2026-11',7035792,17000000,0,NULL);
INSERT INTO "spend" VALUES('key','5','2026-11-26',7035792,17000000,0,NULL);
INSERT INTO "spend" VALUES('key','6','total',208333,0,0,NULL);
INSERT INTO "spend" VALUES('key','6','2026-11',208333,0,0,NULL);
INSERT INTO "spend" VALUES('key','6','2026-11-26',208333,0,0,NULL);
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
	extra_budget_nano BIGINT, 
	extra_budget_until BIGINT, 
	tpm INTEGER, 
	max_parallel INTEGER, 
	PRIMARY KEY (name)
);
INSERT INTO "teams" VALUES('search',1000000000000,NULL,99500000000,0.5,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "teams" VALUES('idle',0,NULL,NULL,NULL,7,0,NULL,NULL,NULL,NULL);
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
INSERT INTO "transcripts" VALUES('us','e8abb4ba-ea25-48cd-a6c7-494d9c0aab15',8,'team:search',3,'everything','search',1795683534248130,'completed',1795683534276574);
INSERT INTO "transcripts" VALUES('us','773199a2-ade8-4575-aea3-4c9198d65a1d',9,'team:search',3,'everything','search',1795683534273047,'error',1795683534278329);
INSERT INTO "transcripts" VALUES('us','d81f994a-b374-48b7-921e-d4a723cb7466',10,'team:search',3,'everything','search',1795683534278976,'queued',NULL);
INSERT INTO "transcripts" VALUES('us','b9114220-13ad-4058-9181-ae98e167e39a',11,'team:voice',4,'rotated','voice',1795683534281030,'completed',1795683534284373);
INSERT INTO "transcripts" VALUES('us','e2dee28f-38e7-4a1b-bec7-67b0b6ff3f6f',12,'team:voice',4,'rotated','voice',1795683534282475,'error',1795683534285260);
INSERT INTO "transcripts" VALUES('us','0e8075e2-2f31-453e-927a-50bed35904cf',13,'team:voice',4,'rotated','voice',1795683534285736,'queued',NULL);
INSERT INTO "transcripts" VALUES('eu','89ebb62a-a377-497d-ac27-54bcaaa02fd7',14,'team:voice',4,'rotated','voice',1795683534287089,'completed',1795683534288773);
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
INSERT INTO "uploads" VALUES('us',X'35E902E6A4A858FE7C4B0AF5067C658C4508CAE76468F526CDA489B7BD72DC19',4,'rotated','voice',1795683534289549,NULL,NULL,NULL);
CREATE INDEX keys_team ON keys (team);
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX budgets_owner ON budgets (scope, owner);
CREATE INDEX audit_key ON audit (key_id, id);
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_model ON calls (model, at, id);
CREATE INDEX calls_failed ON calls (at, id) WHERE state = 'failed';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';
CREATE INDEX calls_end_user ON calls (end_user, at, id) WHERE end_user IS NOT NULL;
CREATE INDEX calls_key_name ON calls (key_name, at, id);
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
CREATE INDEX owned_listed ON owned (service, region, kind, owner, at, id);
CREATE INDEX kept_answers_at ON kept_answers (at);
CREATE INDEX ix_holds_request_id ON holds (request_id);
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX totals_team ON totals (team, day);
CREATE INDEX totals_model ON totals (model, day);
CREATE INDEX totals_key ON totals (key_id, day);
CREATE INDEX totals_key_name ON totals (key_name, day);
CREATE INDEX ix_secrets_key_id ON secrets (key_id);
CREATE INDEX open_sessions_team ON open_sessions (team);
CREATE INDEX open_sessions_key ON open_sessions (key_id);
CREATE INDEX session_tokens_expiry ON session_tokens (expires_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('keys',6);
INSERT INTO "sqlite_sequence" VALUES('calls',27);
INSERT INTO "sqlite_sequence" VALUES('holds',10);
COMMIT;
