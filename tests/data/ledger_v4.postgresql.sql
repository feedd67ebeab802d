
CREATE TABLE audit (
	id BIGSERIAL NOT NULL, 
	at BIGINT NOT NULL, 
	actor TEXT, 
	action TEXT NOT NULL, 
	key_id BIGINT, 
	key_name TEXT, 
	team TEXT, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (id)
)

;
CREATE INDEX audit_key ON audit (key_id, id);

CREATE TABLE calls (
	id BIGSERIAL NOT NULL, 
	request_id TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	key_id BIGINT, 
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
)

;
CREATE INDEX calls_at ON calls (at, id);
CREATE INDEX calls_due ON calls (due_at) WHERE state = 'pending';
CREATE INDEX calls_key ON calls (key_id, at, id);
CREATE INDEX calls_pending ON calls (at) WHERE state = 'pending';
CREATE INDEX calls_team ON calls (team, at, id);
CREATE INDEX calls_unpriced ON calls (id) WHERE state = 'unpriced';

CREATE TABLE holds (
	id BIGSERIAL NOT NULL, 
	request_id TEXT NOT NULL, 
	call_id BIGINT, 
	key_id BIGINT, 
	team TEXT, 
	amount_nano BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
)

;
CREATE INDEX ix_holds_expires_at ON holds (expires_at);
CREATE INDEX ix_holds_request_id ON holds (request_id);

CREATE TABLE keys (
	id BIGSERIAL NOT NULL, 
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
	PRIMARY KEY (id)
)

;
CREATE UNIQUE INDEX keys_live_name ON keys (name) WHERE revoked_at IS NULL;
CREATE INDEX keys_team ON keys (team);

CREATE TABLE meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
)

;

CREATE TABLE spend (
	scope TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	period TEXT NOT NULL, 
	spent_nano BIGINT NOT NULL, 
	held_nano BIGINT NOT NULL, 
	warned BOOLEAN NOT NULL, 
	PRIMARY KEY (scope, owner, period)
)

;

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
)

;

CREATE TABLE teams (
	name TEXT NOT NULL, 
	budget_nano BIGINT, 
	budget_daily_nano BIGINT, 
	budget_monthly_nano BIGINT, 
	soft_budget_ratio FLOAT, 
	rpm INTEGER, 
	max_sessions INTEGER, 
	PRIMARY KEY (name)
)

;

CREATE TABLE totals (
	day TEXT NOT NULL, 
	key_id BIGINT NOT NULL, 
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
)

;

CREATE TABLE uploads (
	region TEXT NOT NULL, 
	hash BYTEA NOT NULL, 
	key_id BIGINT, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	audio_ms BIGINT, 
	audio_channels INTEGER, 
	audio_counted BOOLEAN, 
	PRIMARY KEY (region, hash)
)

;

CREATE TABLE open_sessions (
	call_id BIGINT NOT NULL, 
	request_id TEXT NOT NULL, 
	key_id BIGINT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	elapsed_ms BIGINT NOT NULL, 
	PRIMARY KEY (call_id), 
	FOREIGN KEY(call_id) REFERENCES calls (id)
)

;
CREATE INDEX open_sessions_key ON open_sessions (key_id);
CREATE INDEX open_sessions_team ON open_sessions (team);

CREATE TABLE secrets (
	hash BYTEA NOT NULL, 
	key_id BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(key_id) REFERENCES keys (id)
)

;
CREATE INDEX ix_secrets_key_id ON secrets (key_id);

CREATE TABLE session_tokens (
	hash BYTEA NOT NULL, 
	key_id BIGINT, 
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
)

;
CREATE INDEX session_tokens_expiry ON session_tokens (expires_at);

CREATE TABLE transcripts (
	region TEXT NOT NULL, 
	id TEXT NOT NULL, 
	call_id BIGINT NOT NULL, 
	owner TEXT NOT NULL, 
	key_id BIGINT, 
	key_name TEXT, 
	team TEXT, 
	at BIGINT NOT NULL, 
	status TEXT NOT NULL, 
	completed_at BIGINT, 
	PRIMARY KEY (region, id), 
	UNIQUE (call_id), 
	FOREIGN KEY(call_id) REFERENCES calls (id)
)

;
CREATE INDEX transcripts_listed ON transcripts (region, owner, status, call_id);
CREATE INDEX transcripts_region ON transcripts (region, call_id);
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (1, 1792221620126493, 'cli', 'create', 1, 'former', 'search', '{"prefix":"sk-wEhO...","team":"search","tags":{"feature":"captions"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (2, 1792221620132124, 'cli', 'create', 2, 'expired', NULL, '{"prefix":"sk-Nf6y...","expires_at":"2026-10-18T07:20:20.128723Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (3, 1792221620138677, 'cli', 'create', 3, 'everything', 'search',  E'{"prefix":"sk-MOA8...","budget_usd":"100.000000001","budget_daily_usd":"10","budget_monthly_usd":"50","soft_budget_ratio":0.0001,"rpm":600,"max_sessions":3,"team_rpm":6000,"team":"search","expires_at":"2051-06-08T07:20:20.134940Z","region":"us","routes":["/assemblyai","/sync.assemblyai"],"models":["universal-2","universal-3-5-pro"],"features":["auto_chapters","speaker_labels"],"denied_features":["redact_pii"],"max_upload_bytes":1000000,"allow_unpriced":true,"tags":{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (4, 1792221620148719, 'cli', 'set_team', NULL, NULL, 'search', '{"budget_usd":{"old":null,"new":"1000"},"budget_monthly_usd":{"old":null,"new":"99.5"},"soft_budget_ratio":{"old":null,"new":0.5}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (5, 1792221620155048, 'cli', 'set_team', NULL, NULL, 'idle', '{"budget_usd":{"old":null,"new":"0"},"rpm":{"old":null,"new":7},"max_sessions":{"old":null,"new":0}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (6, 1795591220182532, 'cli', 'revoke', 1, 'former', 'search', '{}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (7, 1795677620188684, 'cli', 'create', 4, 'rotated', 'voice', '{"prefix":"sk-Wl2h...","team":"voice"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (8, 1795677620192116, 'cli', 'rotate', 4, 'rotated', 'voice', '{"prefix":{"old":"sk-Wl2h...","new":"sk-qVOt..."},"old_secret_until":"2036-11-23T07:20:20.190148Z"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (9, 1795677620194618, 'cli', 'create', 5, 'chatting', NULL, '{"prefix":"sk-Wu_3...","budget_usd":"5","rpm":600,"scope":"all"}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (10, 1795677620197945, 'cli', 'set', 5, 'chatting', NULL, '{"budget_monthly_usd":{"old":null,"new":"3"}}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (11, 1795677620200383, 'cli', 'create', 6, 'anew', NULL, '{"prefix":"sk-TiEs..."}');
INSERT INTO audit (id, at, actor, action, key_id, key_name, team, detail) VALUES (12, 1795677620202342, 'cli', 'set', 6, 'anew', NULL, '{"expires_at":{"old":null,"new":"2036-05-29T12:40:20.200952Z"}}');
SELECT setval(pg_get_serial_sequence('audit', 'id'), 12, true);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (1, 'request-MainProcess-16', 1792230260156643, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792230260161666, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (2, 'request-MainProcess-17', 1792230260166516, 1, 'former', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2","feature":"captions"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792230260167122, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (3, 'request-MainProcess-18', 1792264820168984, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792264820169873, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (4, 'request-MainProcess-19', 1792264820171047, 2, 'expired', NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{"v":"2"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1792264820171814, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (5, 'request-MainProcess-20', 1794537140173684, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 12345678901, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"12.345678901"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1794537140175554, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (6, 'request-MainProcess-21', 1794537140178367, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}',  E'{"v":"2","feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 1, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000001"}]', '{"kind":"transcript","model":"universal-2","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1794537140178884, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (7, 'request-MainProcess-22', 1795591220183254, NULL, NULL, NULL, NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'odd
''model''', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 5, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000005"}]',  E'{"kind":"transcript","model":"odd\\n''model''","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795591220184029, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (8, 'b672db3ff811f208f7e0cf8c3ecc93f2', 1795677620205428, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"features":["speaker_labels"],"audio":"079f87e3bdb36bb407ae080ff816df6d"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'settled', NULL, '5268c613-2a58-4645-9b27-ff5bb77b7361', 13000, NULL, NULL, 0, 830555, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"},{"item":"speaker_labels","quantity":"13","unit":"second","rate":"0.02/hour","amount_usd":"0.000072222"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":["speaker_labels"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795677620299404, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (9, '81eff9234ab9bb2152afa8367270af68', 1795677620277670, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"989940be0264c84fcebda460d699f9e5"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'failed', NULL, '358351c3-082e-4ed5-af95-a75b919dacf5', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795677620311871, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (10, '77a90722669d9df63853075ac734f472', 1795677620316791, 3, 'everything', 'search', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"35fd03867345d6be4eb8a6f0dacb5463"}',  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 200, 'pending', NULL, '7b099bd5-4887-4b84-a7a3-386121006aa9', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795677623322314, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (11, '262a2a94348ed7621ef83909d3debc3a', 1795677620324144, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"9ce47ed38771bd808741f3bd5b4e2527"}', '{}', 200, 'settled', NULL, 'aa13dafb-fee1-4ed6-a9a3-a8268c5d1736', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"us","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795677620330959, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (12, '804e72c110d6d761239155df58d456d6', 1795677620327853, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"3dbc1523e21bde5177276c0ba21b948e"}', '{}', 200, 'failed', NULL, '3e62b28b-9e4a-4517-a15c-5a1b6c08b48d', NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795677620337637, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (13, '9927077865ef9ab66c17fc3bbe596994', 1795677620341765, 4, 'rotated', 'voice', NULL, '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"d1bfcc4dd81f8d7df31a24eab25f8887"}', '{}', 200, 'pending', NULL, '3626ee4f-8e62-45c7-9a3a-ee12e7d918ec', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795677623342814, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (14, 'a16c70d56709b87756796bb1bcda7c48', 1795677620343542, 4, 'rotated', 'voice', NULL, '/eu.assemblyai', 'api', 'eu', 'POST', '/v2/transcript', 'transcript', 'universal-3-5-pro', '{"models":["universal-3-5-pro"],"audio":"ed5915dcf42058f7b154e3e37903bb84"}', '{}', 200, 'settled', NULL, '0dd94e42-1113-4252-a67b-41c943ed5ae4', 13000, NULL, NULL, 0, 758333, '[{"item":"universal-3-5-pro","quantity":"13","unit":"second","rate":"0.21/hour","amount_usd":"0.000758333"}]', '{"kind":"transcript","model":"universal-3-5-pro","region":"eu","audio_ms":13000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795677620347119, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (15, 'b9ab733bda9a0981713ecae947ae8a4d', 1795677620350573, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}', NULL, 1795677620375608, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (16, '971854ec9ff7c28d799f07334f441d09', 1795677620377530, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":131}', '{}', 200, 'settled', NULL, NULL, NULL, 1, 8, 0, 17875, '[{"item":"gpt-5-mini input, in-region +10%","quantity":"1","unit":"token","rate":"0.275/million tokens","amount_usd":"0.000000275"},{"item":"gpt-5-mini output, in-region +10%","quantity":"8","unit":"token","rate":"2.2/million tokens","amount_usd":"0.0000176"}]', '{"kind":"chat","model":"gpt-5-mini","region":"us","audio_ms":null,"channels":1,"features":[],"input_tokens":1,"output_tokens":8,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":["gpt-5-mini"],"characters":null}', NULL, 1795677620380804, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (17, 'a9d344fc29fdc93d5b772034b3c79c6d', 1795677620382412, 4, 'rotated', 'voice', NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/understanding', 'understanding', NULL, '{"features":["speech_understanding.translation"],"transcript_id":"aa13dafb-fee1-4ed6-a9a3-a8268c5d1736","audio_ms":13000}', '{}', 200, 'settled', NULL, NULL, 13000, NULL, NULL, 0, 216667, '[{"item":"speech_understanding.translation","quantity":"13","unit":"second","rate":"0.06/hour","amount_usd":"0.000216667"}]', '{"kind":"understanding","model":null,"region":"us","audio_ms":13000,"channels":1,"features":["speech_understanding.translation"],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795677620384604, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (18, '83ad2e77772d3883415619f11800dbd7', 1795677620387205, 6, 'anew', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":73}', '{}', 200, 'unpriced', 'the reply has no usage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795677620388574, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (19, '1d85d6c159b6edb3b67dd9d2e3cfc47c', 1795677620389959, 6, 'anew', NULL, NULL, '/sync.assemblyai', 'sync', 'global', 'POST', '/v1/transcribe', 'sync', NULL, '{}', '{}', 200, 'settled', NULL, NULL, 2500, NULL, NULL, 0, 208333, '[{"item":"sync","quantity":"2.5","unit":"second","rate":"0.3/hour","amount_usd":"0.000208333"}]', '{"kind":"sync","model":null,"region":"global","audio_ms":2500,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795677620397982, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (20, 'e95f468a608faa5a6a7dce2696fcf0b7', 1795677620401198, 5, 'chatting', NULL, NULL, '/llm-gateway.assemblyai', 'llm-gateway', 'us', 'POST', '/v1/chat/completions', 'chat', 'gpt-5-mini', '{"models":["gpt-5-mini"],"max_tokens":1000,"prompt_bytes":72}', '{}', 500, 'failed', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 1795677620405425, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (21, 'request-MainProcess-23', 1795677620474918, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795678520474954, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (22, 'request-MainProcess-24', 1795677620476265, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795678520478463, 0, NULL, NULL);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (23, 'request-MainProcess-25', 1795677620479233, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', 200, 'unpriced', 'no price', NULL, 60000, NULL, NULL, 0, NULL, NULL, '{"kind":"transcript","model":"nobody-knows","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795677620482270, NULL, 0, 7000000, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (24, 'request-MainProcess-26', 1795677620485694, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'nobody-knows', '{}', '{}', NULL, 'unpriced', 'usage was not seen', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795677620489493, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (25, 'request-MainProcess-27', 1795677620490303, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'universal-2', '{}', '{}', 500, 'failed', 'upstream failed', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 1250, 1795677620490741, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (26, 'request-MainProcess-28', 1795677620491332, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v2/transcript', 'transcript', 'dear-later', '{}', '{}', NULL, 'settled', NULL, NULL, 60000, NULL, NULL, 0, 42, '[{"item":"universal-2","quantity":"60","unit":"second","rate":"0.15/hour","amount_usd":"0.000000042"}]', '{"kind":"transcript","model":"dear-later","region":"us","audio_ms":60000,"channels":1,"features":[],"input_tokens":null,"output_tokens":null,"cached_tokens":0,"cache_write_tokens":0,"cache_write_1h_tokens":0,"session_ms":null,"model_region":null,"requested_models":[],"characters":null}', NULL, 1795677620491853, NULL, 0, NULL, false);
INSERT INTO calls (id, request_id, at, key_id, key_name, team, end_user, route, service, region, method, path, kind, model, features, tags, status, state, reason, transcript_id, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano, breakdown, usage, duration_ms, closed_at, due_at, attempts, kept_nano, estimated) VALUES (27, 'request-MainProcess-30', 1795677620494091, 5, 'chatting', NULL, 'user-7', '/assemblyai', 'api', 'us', 'POST', '/v3/ws', 'session', NULL, '{"models":["universal-streaming-english"]}', '{}', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795764020494735, 0, NULL, NULL);
SELECT setval(pg_get_serial_sequence('calls', 'id'), 27, true);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (3, '77a90722669d9df63853075ac734f472', NULL, 3, 'search', 210000000, 1795677620316791, 1795684880318919);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (7, 'request-MainProcess-24', NULL, 5, NULL, 3000000, 1795677620476265, 1795677620477296);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (9, 'request-MainProcess-29', NULL, 5, NULL, 9000000, 1795677620493334, 2095677620493359);
INSERT INTO holds (id, request_id, call_id, key_id, team, amount_nano, at, expires_at) VALUES (10, 'request-MainProcess-30', NULL, 5, NULL, 5000000, 1795677620494091, 2095677620494114);
SELECT setval(pg_get_serial_sequence('holds', 'id'), 10, true);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (1, 'former', 'sk-wEhO...', 'search', 1792221619971782, NULL, 1795591220181716, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{"feature":"captions"}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (2, 'expired', 'sk-Nf6y...', NULL, 1792221620128723, 1792308020128723, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (3, 'everything', 'sk-MOA8...', 'search', 1792221620134940, 2569821620134940, NULL, 'us', 'own', 600, 6000, '["/assemblyai","/sync.assemblyai"]', '["universal-2","universal-3-5-pro"]', '["auto_chapters","speaker_labels"]', '["redact_pii"]', 1000000, true,  E'{"feature":"captions","\\u00e9t\\u00e9":"it''s; --"}', 100000000001, 10000000000, 50000000000, 0.0001, 3);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (4, 'rotated', 'sk-qVOt...', 'voice', 1795677620186606, NULL, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (5, 'chatting', 'sk-Wu_3...', NULL, 1795677620192604, NULL, NULL, NULL, 'all', 600, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', 5000000000, NULL, 3000000000, NULL, NULL);
INSERT INTO keys (id, name, prefix, team, created_at, expires_at, revoked_at, region, scope, rpm, team_rpm, routes, models, features, denied_features, max_upload_bytes, allow_unpriced, tags, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, max_sessions) VALUES (6, 'anew', 'sk-TiEs...', NULL, 1795677620198454, 2095677620200952, NULL, NULL, 'own', NULL, NULL, NULL, NULL, NULL, '[]', NULL, false, '{}', NULL, NULL, NULL, NULL, NULL);
SELECT setval(pg_get_serial_sequence('keys', 'id'), 6, true);
INSERT INTO meta (name, value) VALUES ('created_at', '1792221620007864');
INSERT INTO meta (name, value) VALUES ('database_id', '1325f84e-22ce-46e3-8f9b-16e6057b050e');
INSERT INTO meta (name, value) VALUES ('schema_version', '4');
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '1', 'total', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '2', 'total', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11', 12346509457, 210000000, true);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11-13', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', '2026-11-26', 830555, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '3', 'total', 12346509457, 210000000, true);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', '2026-11', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', '2026-11-26', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '4', 'total', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', '2026-11', 7035792, 17000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', '2026-11-26', 7035792, 17000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '5', 'total', 7035792, 17000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', '2026-11', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', '2026-11-26', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('key', '6', 'total', 208333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-10', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-10-17', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11', 12346509457, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11-13', 12345678902, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', '2026-11-26', 830555, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'search', 'total', 24692188359, 210000000, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', '2026-11', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', '2026-11-26', 1733333, 0, false);
INSERT INTO spend (scope, owner, period, spent_nano, held_nano, warned) VALUES ('team', 'voice', 'total', 1733333, 0, false);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 'feature=captions', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 'v=2', 4, 0, 0, 240000, 0, 0, 0, 24691357804);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-13', 'feature=captions', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-13', 'v=2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-13', 'été=it''s; --', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 'feature=captions', 2, 1, 0, 13000, 0, 0, 0, 830555);
INSERT INTO tag_totals (day, tag, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 'été=it''s; --', 2, 1, 0, 13000, 0, 0, 0, 830555);
INSERT INTO teams (name, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, rpm, max_sessions) VALUES ('idle', 0, NULL, NULL, NULL, 7, 0);
INSERT INTO teams (name, budget_nano, budget_daily_nano, budget_monthly_nano, soft_budget_ratio, rpm, max_sessions) VALUES ('search', 1000000000000, NULL, 99500000000, 0.5, NULL, NULL);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 1, 'former', 'search', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-10-17', 2, 'expired', '', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-13', 3, 'everything', 'search', 'universal-2', 2, 0, 0, 120000, 0, 0, 0, 12345678902);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-25', 0, '', '', 'odd
''model''', 1, 0, 0, 60000, 0, 0, 0, 5);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 3, 'everything', 'search', 'universal-3-5-pro', 2, 1, 0, 13000, 0, 0, 0, 830555);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 4, 'rotated', 'voice', '', 1, 0, 0, 13000, 0, 0, 0, 216667);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 4, 'rotated', 'voice', 'universal-3-5-pro', 3, 1, 0, 26000, 0, 0, 0, 1516666);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 5, 'chatting', '', 'dear-later', 1, 0, 0, 60000, 0, 0, 0, 42);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 5, 'chatting', '', 'gpt-5-mini', 3, 1, 0, 0, 2, 16, 0, 35750);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 5, 'chatting', '', 'nobody-knows', 2, 0, 2, 60000, 0, 0, 0, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 5, 'chatting', '', 'universal-2', 1, 1, 0, 0, 0, 0, 0, 0);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 6, 'anew', '', '', 1, 0, 0, 2500, 0, 0, 0, 208333);
INSERT INTO totals (day, key_id, key_name, team, model, calls, failed, unpriced, audio_ms, input_tokens, output_tokens, cached_tokens, cost_nano) VALUES ('2026-11-26', 6, 'anew', '', 'gpt-5-mini', 1, 0, 1, 0, 0, 0, 0, 0);
INSERT INTO uploads (region, hash, key_id, key_name, team, at, audio_ms, audio_channels, audio_counted) VALUES ('us', '\x61660150732b5bed61029bf21b91baf3f66b7021edb99c25cce752972ae66267'::bytea, 4, 'rotated', 'voice', 1795677620349100, NULL, NULL, NULL);
INSERT INTO open_sessions (call_id, request_id, key_id, team, at, seen_at, elapsed_ms) VALUES (27, 'request-MainProcess-30', 5, NULL, 1795677620494091, 1795677620496078, 15000);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x1e6df5ffe3a696ceecc266170e88d0515437587265a8033025c3c88357becd5d'::bytea, 6, 1795677620198454, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x370f6e2afe27133ea836feed1ba52c99b8319c62e728202a39d4d14569c75779'::bytea, 1, 1792221619971782, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x3fea4c8f2f6120c9a6aae826b526a4cdd43a85605538dca944b0800275671cf8'::bytea, 4, 1795677620186606, 2111037620190148);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\x7367c67a5e8701b5be8720aa469b6408a82fb32b158d48a5fde06d72091f5b51'::bytea, 4, 1795677620190148, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xa3b42d73a02a1870d96b9410e04435010a7199af49f05aceddbaaf5456ca88e5'::bytea, 2, 1792221620128723, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xc26d421f01a6002c50532fd7f4ed47810d0f5be8f660acd8d372b18aff88ca25'::bytea, 5, 1795677620192604, NULL);
INSERT INTO secrets (hash, key_id, created_at, expires_at) VALUES ('\xecc0bbff7a32891f28e06a195172940a5cbc8e0fcc00ca6b2d99fcfe60eb9144'::bytea, 3, 1792221620134940, NULL);
INSERT INTO session_tokens (hash, key_id, team, service, region, end_user, tags, at, expires_at, max_session_s, used_at) VALUES ('\x450e1a29caae7a8d52c08816dce0d5592a921e1647cbfdc8207b1b13334b3b15'::bytea, 5, NULL, 'streaming', 'global', 'user-7', '{"page":"talk"}', 1795677620502063, 1795678220502063, 60, NULL);
INSERT INTO session_tokens (hash, key_id, team, service, region, end_user, tags, at, expires_at, max_session_s, used_at) VALUES ('\x6dcdfd51611c4d5d3c266e892766e11a7e4913b49e0d1962e142c3dfe3b6fce1'::bytea, 5, NULL, 'streaming', 'global', 'user-7', '{}', 1795677620498421, 1795678220498421, 60, NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('eu', '0dd94e42-1113-4252-a67b-41c943ed5ae4', 14, 'team:voice', 4, 'rotated', 'voice', 1795677620343542, 'completed', 1795677620347119);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '358351c3-082e-4ed5-af95-a75b919dacf5', 9, 'team:search', 3, 'everything', 'search', 1795677620277670, 'error', 1795677620311871);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '3626ee4f-8e62-45c7-9a3a-ee12e7d918ec', 13, 'team:voice', 4, 'rotated', 'voice', 1795677620341765, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '3e62b28b-9e4a-4517-a15c-5a1b6c08b48d', 12, 'team:voice', 4, 'rotated', 'voice', 1795677620327853, 'error', 1795677620337637);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '5268c613-2a58-4645-9b27-ff5bb77b7361', 8, 'team:search', 3, 'everything', 'search', 1795677620205428, 'completed', 1795677620299404);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', '7b099bd5-4887-4b84-a7a3-386121006aa9', 10, 'team:search', 3, 'everything', 'search', 1795677620316791, 'queued', NULL);
INSERT INTO transcripts (region, id, call_id, owner, key_id, key_name, team, at, status, completed_at) VALUES ('us', 'aa13dafb-fee1-4ed6-a9a3-a8268c5d1736', 11, 'team:voice', 4, 'rotated', 'voice', 1795677620324144, 'completed', 1795677620330959);
