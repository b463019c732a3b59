PRAGMA application_id = 0x6E77736C;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'newsletter','m001_papers','2026-11-28 21:13:20.893818+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'newsletter','m002_readers','2026-11-28 21:13:20.913403+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'newsletter','m003_ledger','2026-11-28 21:13:20.926490+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'newsletter','m004_sources','2026-11-28 21:13:20.956649+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'newsletter','m005_queries','2026-11-28 21:13:20.987414+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'newsletter','m006_feedback','2026-11-28 21:13:20.991633+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'newsletter','m007_wishes','2026-11-28 21:13:21.021178+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'newsletter','m008_words','2026-11-28 21:13:21.055411+00:00');
INSERT INTO "_sqlite_migrations" VALUES(9,'newsletter','m009_halted','2026-11-28 21:13:21.057290+00:00');
INSERT INTO "_sqlite_migrations" VALUES(10,'newsletter','m010_lighter_ledger','2026-11-28 21:13:21.077834+00:00');
INSERT INTO "_sqlite_migrations" VALUES(11,'newsletter','m011_returns','2026-11-28 21:13:21.086824+00:00');
INSERT INTO "_sqlite_migrations" VALUES(12,'newsletter','m012_requests','2026-11-28 21:13:21.099667+00:00');
INSERT INTO "_sqlite_migrations" VALUES(13,'newsletter','m013_days','2026-11-28 21:13:21.100737+00:00');
CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY,
            edition_key TEXT NOT NULL REFERENCES editions(key),
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id),
            digest_id INTEGER NOT NULL REFERENCES digests(id),
            message_id TEXT NOT NULL UNIQUE,
            status TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            detail TEXT NOT NULL,             -- the server's words, or why it was skipped
            next_attempt_at TEXT,             -- for deferred ones
            updated_at TEXT NOT NULL,
            UNIQUE (edition_key, subscriber_id)
        ) STRICT;
INSERT INTO "deliveries" VALUES(1,'daily-2026-05-08',1,1,'<1.20260508@example.org>','sent',1,'250 2.0.0 Ok: queued as 1234',NULL,'2026-05-08T09:40:00+00:00');
INSERT INTO "deliveries" VALUES(2,'daily-2026-05-08',4,1,'<2.20260508@example.org>','deferred',1,'451 4.7.1 try again later','2026-05-08T10:40:00+00:00','2026-05-08T09:40:00+00:00');
INSERT INTO "deliveries" VALUES(3,'daily-2026-05-08',5,1,'<3.20260508@example.org>','failed',1,'550 5.1.1 no such user',NULL,'2026-05-08T09:40:00+00:00');
INSERT INTO "deliveries" VALUES(4,'daily-2026-05-08',6,1,'<4.20260508@example.org>','held',1,'in doubt since a crash',NULL,'2026-05-08T09:40:00+00:00');
INSERT INTO "deliveries" VALUES(5,'daily-2026-05-08',3,1,'<5.20260508@example.org>','skipped',1,'paused',NULL,'2026-05-08T09:40:00+00:00');
INSERT INTO "deliveries" VALUES(6,'weekly-2026-05-08',2,2,'<6.20260508@example.org>','queued',0,'',NULL,'2026-05-08T09:30:00+00:00');
INSERT INTO "deliveries" VALUES(7,'daily-2026-05-07',1,3,'<7.20260508@example.org>','sending',2,'',NULL,'2026-05-08T09:40:00+00:00');
CREATE TABLE digest_items (
            digest_id INTEGER NOT NULL REFERENCES digests(id),
            position INTEGER NOT NULL,
            section INTEGER NOT NULL,         -- position of its section
            paper_id INTEGER NOT NULL REFERENCES papers(id),
            score REAL NOT NULL,
            reasons TEXT NOT NULL,            -- JSON list of [where, what]
            also TEXT NOT NULL,               -- JSON list of topic names
            PRIMARY KEY (digest_id, position)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "digest_items" VALUES(1,0,0,1,5.5,'[["author", "Ben Sample"], ["org", "Example Lab"]]','[]');
INSERT INTO "digest_items" VALUES(1,1,1,3,8.3333333333333337034e-01,'[["title", "cloud"], ["abstract", "clouds"], ["cat", "cs.CL"]]','["Mine"]');
INSERT INTO "digest_items" VALUES(1,2,1,5,0.5,'[["title", "cloud"], ["abstract", "clouds"], ["cat", "cs.CL"]]','["Mine"]');
INSERT INTO "digest_items" VALUES(1,3,2,11,0.25,'[["new version", "v2"], ["trending", "7 upvotes, 1 comment"]]','[]');
INSERT INTO "digest_items" VALUES(2,0,0,4,5.5,'[["author", "Ben Sample"], ["org", "Example Lab"]]','[]');
INSERT INTO "digest_items" VALUES(2,1,1,6,4.1666666666666668517e-01,'[["title", "cloud"], ["abstract", "clouds"], ["cat", "cs.CL"]]','["Mine"]');
INSERT INTO "digest_items" VALUES(2,2,1,8,0.3125,'[["title", "cloud"], ["abstract", "clouds"], ["cat", "cs.CL"]]','["Mine"]');
INSERT INTO "digest_items" VALUES(2,3,2,9,0.25,'[["new version", "v2"], ["trending", "7 upvotes, 1 comment"]]','[]');
INSERT INTO "digest_items" VALUES(3,0,0,7,5.5,'[["author", "Ben Sample"], ["org", "Example Lab"]]','[]');
INSERT INTO "digest_items" VALUES(3,1,1,10,0.25,'[["title", "cloud"], ["abstract", "clouds"], ["cat", "cs.CL"]]','["Mine"]');
CREATE TABLE digest_sections (
            digest_id INTEGER NOT NULL REFERENCES digests(id),
            position INTEGER NOT NULL,
            title TEXT NOT NULL,
            matched INTEGER NOT NULL,
            PRIMARY KEY (digest_id, position)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "digest_sections" VALUES(1,0,'People you follow',1);
INSERT INTO "digest_sections" VALUES(1,1,'Clouds',7);
INSERT INTO "digest_sections" VALUES(1,2,'Also trending',1);
INSERT INTO "digest_sections" VALUES(2,0,'People you follow',1);
INSERT INTO "digest_sections" VALUES(2,1,'Clouds',7);
INSERT INTO "digest_sections" VALUES(2,2,'Also trending',1);
INSERT INTO "digest_sections" VALUES(3,0,'People you follow',1);
INSERT INTO "digest_sections" VALUES(3,1,'Clouds',7);
INSERT INTO "digest_sections" VALUES(3,2,'Also trending',-1);
CREATE TABLE digests (
            id INTEGER PRIMARY KEY,
            edition_key TEXT NOT NULL REFERENCES editions(key),
            fingerprint TEXT NOT NULL,        -- readers with the same digest share its rows
            considered INTEGER NOT NULL,
            UNIQUE (edition_key, fingerprint)
        ) STRICT;
INSERT INTO "digests" VALUES(1,'daily-2026-05-08','2b94a3a2ed8e130061fb6e245529bc1b',18);
INSERT INTO "digests" VALUES(2,'weekly-2026-05-08','b276a1fd47107e7e6e411dc3d558f5c7',18);
INSERT INTO "digests" VALUES(3,'daily-2026-05-07','2ea1c7596fbed2ae2926f8ff21b564eb',18);
CREATE TABLE editions (
            key TEXT PRIMARY KEY,             -- daily-2026-05-08
            cadence TEXT NOT NULL,
            day TEXT NOT NULL,
            since TEXT NOT NULL,              -- holds papers first seen after this
            created_at TEXT NOT NULL,
            note TEXT NOT NULL                -- Markdown
        , closing TEXT NOT NULL DEFAULT '', halted TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "editions" VALUES('daily-2026-05-08','daily','2026-05-08','2026-05-06T09:30:00+00:00','2026-05-08T09:30:00+00:00','Welcome to **clouds** ☁.','See you tomorrow.','');
INSERT INTO "editions" VALUES('weekly-2026-05-08','weekly','2026-05-08','2026-05-06T09:30:00+00:00','2026-05-08T09:30:00+00:00','','','paused');
INSERT INTO "editions" VALUES('daily-2026-05-07','daily','2026-05-07','2026-05-06T09:30:00+00:00','2026-05-07T09:30:00+00:00','','','cancelled');
CREATE TABLE examples (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            key TEXT NOT NULL,                -- of the paper, as papers.key; the papers table need not have it
            title TEXT NOT NULL,
            abstract TEXT NOT NULL,
            liked INTEGER NOT NULL,           -- 1: more like this; 0: less
            said_at TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, key)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "examples" VALUES(1,'arxiv:2401.00001','On Lanterns','Lanterns are lit by small language models.',1,'2026-05-08T09:40:00+00:00');
CREATE TABLE feedback (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            liked INTEGER NOT NULL,           -- 1: more like this; 0: less
            said_at TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, paper_id)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "feedback" VALUES(1,1,1,'2026-05-08T09:40:00+00:00');
INSERT INTO "feedback" VALUES(1,4,1,'2026-05-08T09:40:00+00:00');
INSERT INTO "feedback" VALUES(1,7,0,'2026-05-08T09:40:00+00:00');
INSERT INTO "feedback" VALUES(4,5,0,'2026-05-08T09:40:00+00:00');
CREATE TABLE paper_names (            -- all that finds a paper: arxiv:ID, doi:DOI, title:HASH, entry:HASH
            name TEXT NOT NULL,
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            PRIMARY KEY (name, paper_id)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "paper_names" VALUES('arxiv:2605.00001',1);
INSERT INTO "paper_names" VALUES('doi:10.1000/182',1);
INSERT INTO "paper_names" VALUES('title:55703302493a8d69',1);
INSERT INTO "paper_names" VALUES('title:6b21979823d2556a',1);
INSERT INTO "paper_names" VALUES('arxiv:2605.00002',2);
INSERT INTO "paper_names" VALUES('title:a249deeaa7256b1f',2);
INSERT INTO "paper_names" VALUES('arxiv:2605.00003',3);
INSERT INTO "paper_names" VALUES('title:3bcfb2f825805477',3);
INSERT INTO "paper_names" VALUES('arxiv:2605.00004',4);
INSERT INTO "paper_names" VALUES('title:f641dfcbfefd699f',4);
INSERT INTO "paper_names" VALUES('arxiv:2605.00005',5);
INSERT INTO "paper_names" VALUES('title:9a30d88adc6348fe',5);
INSERT INTO "paper_names" VALUES('arxiv:2605.00006',6);
INSERT INTO "paper_names" VALUES('title:ccbd0f3fdf19118b',6);
INSERT INTO "paper_names" VALUES('arxiv:2605.00007',7);
INSERT INTO "paper_names" VALUES('title:2b57f2b88086d786',7);
INSERT INTO "paper_names" VALUES('arxiv:2605.00008',8);
INSERT INTO "paper_names" VALUES('title:f604e0cc0dd536d9',8);
INSERT INTO "paper_names" VALUES('arxiv:2605.00009',9);
INSERT INTO "paper_names" VALUES('title:3023c26d91c1a853',9);
INSERT INTO "paper_names" VALUES('arxiv:2605.00010',10);
INSERT INTO "paper_names" VALUES('title:08f5fed53a7fff39',10);
INSERT INTO "paper_names" VALUES('arxiv:2605.00011',11);
INSERT INTO "paper_names" VALUES('title:45bd7052b8afd857',11);
INSERT INTO "paper_names" VALUES('arxiv:2605.00012',12);
INSERT INTO "paper_names" VALUES('title:2e2082ca5ee54cbd',12);
INSERT INTO "paper_names" VALUES('arxiv:2605.00013',13);
INSERT INTO "paper_names" VALUES('title:70c61122a102a15d',13);
INSERT INTO "paper_names" VALUES('arxiv:2605.00014',14);
INSERT INTO "paper_names" VALUES('title:4495c2c50fe09cb1',14);
INSERT INTO "paper_names" VALUES('arxiv:2605.00015',15);
INSERT INTO "paper_names" VALUES('title:65b3b0476e6a5269',15);
INSERT INTO "paper_names" VALUES('arxiv:2605.00016',16);
INSERT INTO "paper_names" VALUES('title:0df83155cdca20c1',16);
INSERT INTO "paper_names" VALUES('arxiv:2605.00017',17);
INSERT INTO "paper_names" VALUES('title:6f3d41d1ee3080ba',17);
INSERT INTO "paper_names" VALUES('arxiv:2605.00018',18);
INSERT INTO "paper_names" VALUES('title:70ed1fd958c8d338',18);
INSERT INTO "paper_names" VALUES('entry:8425f13af969af67',19);
INSERT INTO "paper_names" VALUES('title:8425f13af969af67',19);
CREATE TABLE papers (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,         -- arxiv:ID, else doi:DOI, else title:HASH
            arxiv_id TEXT UNIQUE,             -- without version
            doi TEXT UNIQUE,                  -- lower case, without https://doi.org/
            title TEXT NOT NULL,
            abstract TEXT NOT NULL,
            authors TEXT NOT NULL,            -- JSON list of names
            author_count INTEGER,             -- null if no source said
            organization TEXT,
            published TEXT,                   -- day first made public
            listed TEXT,                      -- day a source put it on its list
            upvotes INTEGER,
            comments INTEGER,
            keywords TEXT NOT NULL,           -- JSON list
            summary TEXT,
            code_url TEXT,
            project_url TEXT,
            thumbnail_url TEXT,
            text_source TEXT NOT NULL,        -- the source of title and abstract
            sources TEXT NOT NULL,            -- JSON list of every source that told of it
            seen_at TEXT NOT NULL             -- when this store first saw it
        , categories TEXT NOT NULL DEFAULT '[]', venue TEXT, version INTEGER, withdrawn INTEGER NOT NULL DEFAULT 0, url TEXT, pdf_url TEXT, text_version INTEGER, revised_at TEXT) STRICT;
INSERT INTO "papers" VALUES(1,'arxiv:2605.00001','2605.00001','10.1000/182','Counting Clouds','Counting clouds is hard, says arXiv, in the second version.','["Ada Example"]',1,'Example Lab','2026-05-06','2026-05-07',7,0,'["clouds"]','Clouds are counted.',NULL,NULL,NULL,'arxiv','["arxiv", "crossref", "huggingface"]','2026-05-07T09:29:00+00:00','["cs.CL", "cs.LG"]','Journal of Clouds',2,0,'https://journal.example/clouds',NULL,2,'2026-05-08T09:35:00+00:00');
INSERT INTO "papers" VALUES(2,'arxiv:2605.00002','2605.00002',NULL,'Sorting Clouds','Sorting clouds is hard, and clouds with kettles are harder. We do it with small language models.','["Ada Example", "Ben Sample"]',2,NULL,'2026-05-06','2026-05-08',14,1,'["clouds"]',NULL,NULL,NULL,NULL,'huggingface','["arxiv", "huggingface"]','2026-05-08T09:28:00+00:00','[]',NULL,NULL,1,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(3,'arxiv:2605.00003','2605.00003',NULL,'Drying Clouds','Drying clouds is hard, and clouds with robots are harder. We do it with small language models.','["Ada Example"]',1,NULL,'2026-05-06','2026-05-07',21,2,'["clouds"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:27:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(4,'arxiv:2605.00004','2605.00004',NULL,'Counting Kettles','Counting kettles is hard, and kettles with kettles are harder. We do it with small language models.','["Ada Example"]',1,'Example Lab','2026-05-06','2026-05-07',28,0,'["kettles"]','Kettles are counted.',NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:26:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(5,'arxiv:2605.00005','2605.00005',NULL,'Sorting Kettles','Sorting kettles is hard, and kettles with robots are harder. We do it with small language models.','["Ada Example", "Ben Sample"]',2,NULL,'2026-05-06','2026-05-08',35,1,'["kettles"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-08T09:25:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(6,'arxiv:2605.00006','2605.00006',NULL,'Drying Kettles','Drying kettles is hard, and kettles with puddles are harder. We do it with small language models.','["Ada Example"]',1,NULL,'2026-05-06','2026-05-07',2,2,'["kettles"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:24:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(7,'arxiv:2605.00007','2605.00007',NULL,'Counting Robots','Counting robots is hard, and robots with robots are harder. We do it with small language models.','["Ada Example"]',1,'Example Lab','2026-05-06','2026-05-07',9,0,'["robots"]','Robots are counted.',NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:23:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(8,'arxiv:2605.00008','2605.00008',NULL,'Sorting Robots','Sorting robots is hard, and robots with puddles are harder. We do it with small language models.','["Ada Example", "Ben Sample"]',2,NULL,'2026-05-06','2026-05-08',16,1,'["robots"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-08T09:22:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(9,'arxiv:2605.00009','2605.00009',NULL,'Drying Robots','Drying robots is hard, and robots with spoons are harder. We do it with small language models.','["Ada Example"]',1,NULL,'2026-05-06','2026-05-07',23,2,'["robots"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:21:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(10,'arxiv:2605.00010','2605.00010',NULL,'Counting Puddles','Counting puddles is hard, and puddles with puddles are harder. We do it with small language models.','["Ada Example"]',1,'Example Lab','2026-05-06','2026-05-07',30,0,'["puddles"]','Puddles are counted.',NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:20:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(11,'arxiv:2605.00011','2605.00011',NULL,'Sorting Puddles','Sorting puddles is hard, and puddles with spoons are harder. We do it with small language models.','["Ada Example", "Ben Sample"]',2,NULL,'2026-05-06','2026-05-08',37,1,'["puddles"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-08T09:19:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(12,'arxiv:2605.00012','2605.00012',NULL,'Drying Puddles','Drying puddles is hard, and puddles with lanterns are harder. We do it with small language models.','["Ada Example"]',1,NULL,'2026-05-06','2026-05-07',4,2,'["puddles"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:18:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(13,'arxiv:2605.00013','2605.00013',NULL,'Counting Spoons','Counting spoons is hard, and spoons with spoons are harder. We do it with small language models.','["Ada Example"]',1,'Example Lab','2026-05-06','2026-05-07',11,0,'["spoons"]','Spoons are counted.',NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:17:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(14,'arxiv:2605.00014','2605.00014',NULL,'Sorting Spoons','Sorting spoons is hard, and spoons with lanterns are harder. We do it with small language models.','["Ada Example", "Ben Sample"]',2,NULL,'2026-05-06','2026-05-08',18,1,'["spoons"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-08T09:16:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(15,'arxiv:2605.00015','2605.00015',NULL,'Drying Spoons','Drying spoons is hard, and spoons with clouds are harder. We do it with small language models.','["Ada Example"]',1,NULL,'2026-05-06','2026-05-07',25,2,'["spoons"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:15:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(16,'arxiv:2605.00016','2605.00016',NULL,'Counting Lanterns','Counting lanterns is hard, and lanterns with lanterns are harder. We do it with small language models.','["Ada Example"]',1,'Example Lab','2026-05-06','2026-05-07',32,0,'["lanterns"]','Lanterns are counted.',NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:14:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(17,'arxiv:2605.00017','2605.00017',NULL,'Sorting Lanterns','Sorting lanterns is hard, and lanterns with clouds are harder. We do it with small language models.','["Ada Example", "Ben Sample"]',2,NULL,'2026-05-06','2026-05-08',39,1,'["lanterns"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-08T09:13:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(18,'arxiv:2605.00018','2605.00018',NULL,'Drying Lanterns','Drying lanterns is hard, and lanterns with kettles are harder. We do it with small language models.','["Ada Example"]',1,NULL,'2026-05-06','2026-05-07',6,2,'["lanterns"]',NULL,NULL,NULL,NULL,'huggingface','["huggingface"]','2026-05-07T09:12:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "papers" VALUES(19,'title:8425f13af969af67',NULL,NULL,'A Title Alone','','[]',NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL,NULL,'page','["page"]','2026-05-08T09:30:00+00:00','[]',NULL,NULL,0,NULL,NULL,NULL,NULL);
CREATE TABLE pauses (                 -- sources that asked to be left alone
            source TEXT PRIMARY KEY,
            until TEXT NOT NULL
        ) STRICT;
INSERT INTO "pauses" VALUES('crossref','2026-05-08T15:30:00+00:00');
CREATE TABLE pulls (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            finished_at TEXT NOT NULL,
            through TEXT,                     -- last day asked for; null for a pull of files
            fetched INTEGER NOT NULL,
            new INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            refused INTEGER NOT NULL,
            error TEXT                        -- null if the source was read to its end
        ) STRICT;
INSERT INTO "pulls" VALUES(1,'huggingface','2026-05-08T09:30:00+00:00','2026-05-08',18,18,0,0,NULL);
INSERT INTO "pulls" VALUES(2,'arxiv','2026-05-08T09:30:00+00:00','2026-05-08',3,0,2,1,NULL);
INSERT INTO "pulls" VALUES(3,'crossref','2026-05-08T09:30:00+00:00','2026-05-08',0,0,0,0,'no answer');
INSERT INTO "pulls" VALUES(4,'page','2026-05-08T09:30:00+00:00',NULL,1,1,0,0,NULL);
CREATE TABLE requests (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,               -- 'join', 'move' or 'link'
            email TEXT NOT NULL,              -- where the mail that asks to confirm goes
            email_key TEXT NOT NULL,
            subscriber_id INTEGER REFERENCES subscribers(id) ON DELETE CASCADE,  -- who asks, where they are known
            name TEXT NOT NULL,
            wishes TEXT NOT NULL,             -- JSON object, as a profile's file has it
            asked_at TEXT NOT NULL,
            sent_at TEXT,                     -- when that mail left, if it did
            confirmed_at TEXT
        ) STRICT;
INSERT INTO "requests" VALUES(1,'join','gil@example.org','gil@example.org',NULL,'Gil','{"topics": ["Clouds"], "cadence": "weekly", "weekday": "friday"}','2026-05-08T09:40:00+00:00',NULL,NULL);
INSERT INTO "requests" VALUES(2,'move','ada@new.example','ada@new.example',1,'','{}','2026-05-08T09:40:00+00:00','2026-05-08T09:40:00+00:00',NULL);
INSERT INTO "requests" VALUES(3,'link','dee@example.org','dee@example.org',NULL,'','{}','2026-05-08T09:40:00+00:00',NULL,NULL);
INSERT INTO "requests" VALUES(4,'join','cy@example.org','cy@example.org',3,'','{"topics": ["Clouds"]}','2026-05-05T09:30:00+00:00','2026-05-05T09:30:00+00:00','2026-05-06T09:30:00+00:00');
CREATE TABLE returns (
            id INTEGER PRIMARY KEY,
            fingerprint TEXT NOT NULL UNIQUE, -- the same whenever the same report is read
            email_key TEXT NOT NULL,
            subscriber_id INTEGER REFERENCES subscribers(id) ON DELETE SET NULL,
            delivery_id INTEGER REFERENCES deliveries(id) ON DELETE SET NULL,
            kind TEXT NOT NULL,               -- 'hard', 'soft' or 'complaint'
            code TEXT NOT NULL,               -- of RFC 3463, or ''
            words TEXT NOT NULL,
            origin TEXT NOT NULL,             -- 'smtp', 'dsn', 'arf', 'text'
            said_at TEXT NOT NULL
        ) STRICT;
INSERT INTO "returns" VALUES(1,'00000000000000000000000000000001','eve@example.org',5,3,'hard','5.1.1','550 5.1.1 no such user','smtp','2026-05-08T09:41:00+00:00');
INSERT INTO "returns" VALUES(2,'00000000000000000000000000000002','dee@example.org',4,2,'soft','4.2.2','452 4.2.2 mailbox full','dsn','2026-05-08T09:42:00+00:00');
INSERT INTO "returns" VALUES(3,'00000000000000000000000000000003','fay@example.org',6,NULL,'complaint','','abuse','arf','2026-05-08T09:43:00+00:00');
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
INSERT INTO "secrets" VALUES('links',X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
CREATE TABLE spaces (
            version INTEGER PRIMARY KEY,      -- counts up; only the latest is kept
            made_at TEXT NOT NULL,
            content BLOB NOT NULL             -- see newsletter.ranking.taste.Space
        ) STRICT;
INSERT INTO "spaces" VALUES(1,'2026-05-08T09:40:00+00:00',X'504B03042D000000080000002100C39C58E1FFFFFFFFFFFFFFFF0A00140073696E676C652E6E707901001000C50000000000000082000000000000009D8E3D0A823110443FDB9C225D14D2D8087A003BC5C6C24A6276FDC1B01B763782A8A7F0C27EB982D33CE631C57CB7FBCDEE30191EC32B006A96B0F2E1DDE621FA70663149746401EC7E9D8AE2E8F59A2A8E7DBA58C659F41FFF7F5C2EDC405DE64676A38B037976DCD1ACA0BA92C850485D6D005D089FD8D4E978ADEFB43293FE00504B03042D0000000800000021005EDBB5C5FFFFFFFFFFFFFFFF0E00140073696E676C655F6964662E6E707901001000A40000000000000052000000000000009BEC17EA1B10C9C850C650AD9E925A9C5CA46EA5A06E9366A2AEA3A09E965F54529498179F5F94920A12774BCC294E058A17672416A402F91A963A9A3A0AB50A14002E575D018755FE6C600C638368643600504B03042D0000000800000021003C4F8807FFFFFFFFFFFFFFFF0900140070616972732E6E707901001000C701000000000000BF000000000000009D51310EC2300C84B5AFC81690BA0003120F6003B13030A1D0188AA8E2CA499010F00A3E4C42DC1256B2DC9D73673BCA6BBD5D6D76C3C17570971A6C457221E4C34F6429E411C991327B240DB1BE548D8550B7B56A21E8D16C3A2FC7A5788ABF4F5135E8B56510B5229D73A0A2426FDCD99C0A4DB708B12C38F5E11770AE01168D320EC8B06ABDD6FD15E1011D73DB22065317654CE37311E6F71D3B925C3F2AB37D37E88633A6582E428A774A901C190F061BBE20BE9A174E908C19077A03504B03042D000000080000002100B854DFFAFFFFFFFFFFFFFFFF0D00140070616972735F6964662E6E707901001000F0000000000000006A000000000000009BEC17EA1B10C9C850C650AD9E925A9C5CA46EA5A06E9366A2AEA3A09E965F54529498179F5F94920A12774BCC294E058A17672416A402F91A46163A9A3A0AB50AE4032E575D01874C052D87D39D360EABFCD9C018C40689A163985A1006A983B141EA91E5D0D521F301504B03042D00000008000000210010A805D0FFFFFFFFFFFFFFFF08001400617865732E6E707901001000A804000000000000D1030000000000009D92ED53140500C691A6C1481D834939E162398FDBDDBBBDDBBD7DE1F60E224794225FB0841AA3B9140E3040A953CC7424644C26B2C03915E3E5B8576E6F675FEF76EF741815B5CC0E666C263E9838054D97121FD270C61A3F94FD074CCFB7E7F9F63CBFC7B3BD76DB8E5DCB320E651C055D8D071ADCA00300CB9A701001C0A676F741F79EFDEFB5BB5D8DFFE535EE8EC6A7F181BD7B3E687C6A21AB1D01701A468063C0FF55B6852C0BDFC3EDC98FE4B42D53DAA2A98066C42BE227FCABFC2D69BA68657827F0602453770495D814668F9FE5F554A6965E47609C799E69B1F4C67D863965011DF4EF5A9F1F66CD13E6547441C88B2E8F948B81C13795D6449FE057C3C4E6C425AA432806D3A3CDC861F22EF3B321C83AC736E11EC7DD7E975C1EDD89F4E60DF866829D3A03F3FED91F068D1A90AA64BECBF03E533F06B20D2A6B3F1FBDE4BF09DD021F8B6F845EE7714CF66CD0939A3AF38FD1B7D131A98AEDB15E944279D5D6596B019C83F51029AA9B26123EA0945B11AD4075C21D7C1E6D9182B1FBA652EFE7963229019A254C0E72D7900B92207B7055B9802689EB480B506DB911C8097AFA86130D05BF9B57707EC1405EC55693538524A4869DA83AE6909F106E7E07CE8730CFA26E33DA8B7D2B8E60CF4B9673ED20AF54C74FE2047A591E657323CF51BFB1378B9D7929EE1124485998D787C55AE1DBEC3869518212825E06BF8F7D23C3F25E9937B6E527E049A9D3D0839DB19E426E7095CC90D5407E461E26EF890B361A0F28E3EA22AC1D590555597AA2C5FA6390CA9EF44F227FE349E5D992A57574A276B814277DE502C294AD4D6B0FC60ED960494B4DD9764BF980DF12907E229AE36594CB7EDCD86F7E972C6433C2DA91ED18AF5B601E049A91134C91BA2D59C258D857224BDBAB1B6DC2B244C074E52BF3C0F2E28F4FD7621C3B6EFBC7F6B51A89FD4A09610DF024F2A1A9CE7C949C36D8E153D62FBD1BB1D32332FDE2FAB45223B98C43E135D4063A1B6E31D5419DA45DDAAABC43CF8B30E5E4B286BFD0F7707F70B735FDC84638DBDB05CE528B241E5F1AA14D6887C80E3FB476E92AA10A9D77E84FA6299193AC22DD4CA7ED53E0216F508AE269A49E7C2B3151800B3CAD138CC186DCD5C629DF7EF3B9C0552416A81A60C1EBEA2ACA4A2C8D760EBA556A47CF708DA8EDFC5C6E72B00D6F15713AA56450BBA913D26B4894E892F7C50CD45F8C1AE80EE9226BD87D6AF8621B3BA9E983AE41BF886B43ED3C8D8DF695E835EB9AC93BFEB9E48CA25700F5B84905A2A62D96955C7D7459A10D79E4F5A2F763B232AB2EED5F0EF425BE287624EC1CCDE41E43B55A3E9245BF2C7724A6D517AC26AC5C99C06A3007F12F504B01022D032D000000080000002100C39C58E182000000C50000000A000000000000000000000080010000000073696E676C652E6E7079504B01022D032D0000000800000021005EDBB5C552000000A40000000E00000000000000000000008001BE00000073696E676C655F6964662E6E7079504B01022D032D0000000800000021003C4F8807BF000000C701000009000000000000000000000080015001000070616972732E6E7079504B01022D032D000000080000002100B854DFFA6A000000F00000000D000000000000000000000080014A02000070616972735F6964662E6E7079504B01022D032D00000008000000210010A805D0D1030000A80400000800000000000000000000008001F3020000617865732E6E7079504B050600000000050005001C010000FE0600000000');
CREATE TABLE subscribers (
            id INTEGER PRIMARY KEY,
            email TEXT NOT NULL,
            email_key TEXT NOT NULL UNIQUE,   -- what two spellings of one address share
            name TEXT NOT NULL,
            status TEXT NOT NULL,
            cadence TEXT NOT NULL,
            hour INTEGER NOT NULL,
            weekday INTEGER NOT NULL,
            month_day INTEGER NOT NULL,
            time_zone TEXT NOT NULL,
            max_papers INTEGER NOT NULL,
            max_per_section INTEGER NOT NULL,
            trending INTEGER NOT NULL,
            origin TEXT NOT NULL,             -- file:NAME or cli
            joined_at TEXT NOT NULL,
            status_at TEXT NOT NULL
        , updates INTEGER NOT NULL DEFAULT 0, style TEXT NOT NULL DEFAULT 'cards', language TEXT NOT NULL DEFAULT 'en', serendipity INTEGER NOT NULL DEFAULT 1, even_if_empty INTEGER NOT NULL DEFAULT 0, follow TEXT NOT NULL DEFAULT '[]', ranking TEXT NOT NULL DEFAULT '{}', paused_until TEXT) STRICT;
INSERT INTO "subscribers" VALUES(1,'ada@example.org','ada@example.org','Ada Éxample','active','daily',7,4,28,'Europe/Berlin',12,4,2,'cli','2026-04-08T09:30:00+00:00','2026-04-08T09:30:00+00:00',1,'compact','de',0,1,'["Ben Sample"]','{"popularity": 0.5, "taste": 2.0}',NULL);
INSERT INTO "subscribers" VALUES(2,'Ben@example.org','ben@example.org','Ben','active','weekly',8,0,1,'UTC',20,8,0,'file:ben','2026-04-08T09:30:00+00:00','2026-04-08T09:30:00+00:00',0,'cards','en',1,0,'[]','{}',NULL);
INSERT INTO "subscribers" VALUES(3,'cy@example.org','cy@example.org','','paused','daily',8,0,1,'UTC',20,8,0,'web','2026-04-08T09:30:00+00:00','2026-05-08T09:30:00+00:00',0,'cards','en',1,0,'[]','{}','2026-06-01');
INSERT INTO "subscribers" VALUES(4,'dee@example.org','dee@example.org','Dee','active','daily',8,0,1,'UTC',20,8,0,'cli','2026-04-08T09:30:00+00:00','2026-04-08T09:30:00+00:00',0,'cards','en',1,0,'[]','{}',NULL);
INSERT INTO "subscribers" VALUES(5,'eve@example.org','eve@example.org','Eve','left','daily',8,0,1,'UTC',20,8,0,'cli','2026-04-08T09:30:00+00:00','2026-05-08T09:40:00+00:00',0,'cards','en',1,0,'[]','{}',NULL);
INSERT INTO "subscribers" VALUES(6,'fay@example.org','fay@example.org','Fay','disabled','daily',8,0,1,'UTC',20,8,0,'file:fay','2026-04-08T09:30:00+00:00','2026-05-08T09:40:00+00:00',0,'cards','en',1,0,'[]','{}',NULL);
CREATE TABLE "subscriptions" (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,        -- the reader's order
            topic_id INTEGER NOT NULL REFERENCES "topics"(id),
            PRIMARY KEY (subscriber_id, position)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "subscriptions" VALUES(1,0,1);
INSERT INTO "subscriptions" VALUES(3,0,1);
INSERT INTO "subscriptions" VALUES(2,0,2);
INSERT INTO "subscriptions" VALUES(5,0,2);
INSERT INTO "subscriptions" VALUES(6,0,2);
INSERT INTO "subscriptions" VALUES(1,1,3);
CREATE TABLE summaries (
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            language TEXT NOT NULL,
            model TEXT NOT NULL,
            text TEXT NOT NULL,
            made_at TEXT NOT NULL,
            PRIMARY KEY (paper_id, language)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "summaries" VALUES(2,'de','example-model','Wolken werden sortiert.','2026-05-08T09:40:00+00:00');
INSERT INTO "summaries" VALUES(3,'en','example-model','Clouds are dried.','2026-05-08T09:40:00+00:00');
CREATE TABLE suppressions (
            email_key TEXT PRIMARY KEY,
            reason TEXT NOT NULL,
            suppressed_at TEXT NOT NULL
        ) STRICT;
INSERT INTO "suppressions" VALUES('gone@example.org','hard bounce: 550 5.1.1 no such user','2026-05-08T09:30:00+00:00');
INSERT INTO "suppressions" VALUES('eve@example.org','unsubscribed: too many emails','2026-05-08T09:40:00+00:00');
CREATE TABLE tastes (
            subscriber_id INTEGER PRIMARY KEY REFERENCES subscribers(id) ON DELETE CASCADE,
            space INTEGER NOT NULL REFERENCES spaces(version) ON DELETE CASCADE,
            learned_from TEXT NOT NULL,       -- a hash of what the reader had said
            learned_at TEXT NOT NULL,
            content BLOB NOT NULL             -- see newsletter.ranking.taste.Taste
        ) STRICT;
INSERT INTO "tastes" VALUES(1,1,'7b115681b73d4f4f2ee809d0c46ef1e9c30d68cd6ab8980e1239cb5ca7838e69','2026-05-08T09:40:00+00:00',X'504B03042D0000000800000021006BD68B54FFFFFFFFFFFFFFFF0B001400746F77617264732E6E707901001000CC0000000000000096000000000000009BEC17EA1B10C9C850C650AD9E925A9C5CA46EA5A06E9366A2AEA3A09E965F54529498179F5F94920A12774BCC294E058A17672416A402F91A86963A9A3A0AB50AE403AECC155AF6B7361FB73399BAC98EF149F89E3DD796EDFB27F6CC76CBAD56BB95A6F376C72C70B47B506C667BE690D73E25D6237B362C2DDCABAB79656F839FC9DEB8B6CEDD717BB7EDB9A4DE6AF3EA4EFC6E00504B03042D000000080000002100E874718AFFFFFFFFFFFFFFFF09001400776F7264732E6E707901001000920000000000000057000000000000009BEC17EA1B10C9C850C650AD9E925A9C5CA46EA5A06E9366A4AEA3A09E965F54529498179F5F94920A12774BCC294E058A17672416A402F91A963A9A3A0AB50A1400AE1CCD4D1A5B577469656AEBADF8B46EEB0ADD1500504B03042D000000080000002100EC6BCB9DFFFFFFFFFFFFFFFF0A0014007363616C65732E6E707901001000B0000000000000006D000000000000009BEC17EA1B10C9C850C650AD9E925A9C5CA46EA5A06E9366A1AEA3A09E965F54529498179F5F94920A12774BCC294E058A17672416A402F91AC63A0A469A3A0AB50A64032E06068604D74797ED8134C3769B3320DA41D5BD763F9056B8FE6215986F6CDCBC0FC4B7ECFC6E0F00504B01022D032D0000000800000021006BD68B5496000000CC0000000B0000000000000000000000800100000000746F77617264732E6E7079504B01022D032D000000080000002100E874718A57000000920000000900000000000000000000008001D3000000776F7264732E6E7079504B01022D032D000000080000002100EC6BCB9D6D000000B00000000A00000000000000000000008001650100007363616C65732E6E7079504B05060000000003000300A80000000E0200000000');
CREATE TABLE tellings (               -- which sources told of a paper, and where each first did
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            place TEXT NOT NULL,
            told_at TEXT NOT NULL,
            PRIMARY KEY (paper_id, source)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "tellings" VALUES(1,'arxiv','arxiv.xml','2026-05-08T09:30:00+00:00');
INSERT INTO "tellings" VALUES(1,'crossref','','2026-05-08T09:36:00+00:00');
INSERT INTO "tellings" VALUES(1,'huggingface','https://huggingface.example/papers','2026-05-07T09:29:00+00:00');
INSERT INTO "tellings" VALUES(2,'arxiv','arxiv.xml','2026-05-08T09:30:00+00:00');
INSERT INTO "tellings" VALUES(2,'huggingface','https://huggingface.example/papers','2026-05-08T09:28:00+00:00');
INSERT INTO "tellings" VALUES(3,'huggingface','https://huggingface.example/papers','2026-05-07T09:27:00+00:00');
INSERT INTO "tellings" VALUES(4,'huggingface','https://huggingface.example/papers','2026-05-07T09:26:00+00:00');
INSERT INTO "tellings" VALUES(5,'huggingface','https://huggingface.example/papers','2026-05-08T09:25:00+00:00');
INSERT INTO "tellings" VALUES(6,'huggingface','https://huggingface.example/papers','2026-05-07T09:24:00+00:00');
INSERT INTO "tellings" VALUES(7,'huggingface','https://huggingface.example/papers','2026-05-07T09:23:00+00:00');
INSERT INTO "tellings" VALUES(8,'huggingface','https://huggingface.example/papers','2026-05-08T09:22:00+00:00');
INSERT INTO "tellings" VALUES(9,'huggingface','https://huggingface.example/papers','2026-05-07T09:21:00+00:00');
INSERT INTO "tellings" VALUES(10,'huggingface','https://huggingface.example/papers','2026-05-07T09:20:00+00:00');
INSERT INTO "tellings" VALUES(11,'huggingface','https://huggingface.example/papers','2026-05-08T09:19:00+00:00');
INSERT INTO "tellings" VALUES(12,'huggingface','https://huggingface.example/papers','2026-05-07T09:18:00+00:00');
INSERT INTO "tellings" VALUES(13,'huggingface','https://huggingface.example/papers','2026-05-07T09:17:00+00:00');
INSERT INTO "tellings" VALUES(14,'huggingface','https://huggingface.example/papers','2026-05-08T09:16:00+00:00');
INSERT INTO "tellings" VALUES(15,'huggingface','https://huggingface.example/papers','2026-05-07T09:15:00+00:00');
INSERT INTO "tellings" VALUES(16,'huggingface','https://huggingface.example/papers','2026-05-07T09:14:00+00:00');
INSERT INTO "tellings" VALUES(17,'huggingface','https://huggingface.example/papers','2026-05-08T09:13:00+00:00');
INSERT INTO "tellings" VALUES(18,'huggingface','https://huggingface.example/papers','2026-05-07T09:12:00+00:00');
INSERT INTO "tellings" VALUES(19,'page','page.txt','2026-05-08T09:30:00+00:00');
CREATE TABLE "topics" (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            query TEXT NOT NULL,              -- in the language of newsletter.query
            in_catalogue INTEGER NOT NULL,    -- 1: offered by name to everybody; 0: some profile's own
            UNIQUE (name, query, in_catalogue)
        ) STRICT;
INSERT INTO "topics" VALUES(1,'Clouds','cloud OR "sky is falling" -computing',1);
INSERT INTO "topics" VALUES(2,'Kettles','kettle*',1);
INSERT INTO "topics" VALUES(3,'Mine','robot* -survey',0);
CREATE TABLE validators (             -- what lets a server say "not modified"
            source TEXT NOT NULL,
            address TEXT NOT NULL,
            etag TEXT,
            last_modified TEXT,
            PRIMARY KEY (source, address)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "validators" VALUES('arxiv','https://arxiv.example/feed','"etag-1"','Fri, 08 May 2026 00:00:00 GMT');
CREATE VIRTUAL TABLE papers_fts USING fts5(
            title, abstract, content=papers, content_rowid=id, tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO papers_fts(papers_fts, rank) VALUES ('hashsize', 16777216);
INSERT INTO papers_fts(papers_fts) VALUES ('rebuild');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX papers_seen_at ON papers(seen_at);
CREATE INDEX editions_cadence ON editions(cadence, created_at);
CREATE INDEX deliveries_subscriber ON deliveries(subscriber_id);
CREATE INDEX deliveries_open ON deliveries(id) WHERE status IN ('queued', 'sending', 'deferred');
CREATE INDEX paper_names_paper ON paper_names(paper_id);
CREATE INDEX papers_revised_at ON papers(revised_at) WHERE revised_at IS NOT NULL;
CREATE INDEX digest_items_paper ON digest_items(paper_id);
CREATE UNIQUE INDEX topics_catalogue ON topics(name COLLATE NOCASE) WHERE in_catalogue = 1;
CREATE INDEX subscriptions_topic ON subscriptions(topic_id);
CREATE INDEX feedback_paper ON feedback(paper_id);
CREATE INDEX deliveries_bad ON deliveries(status, updated_at) WHERE status IN ('failed', 'held');
CREATE INDEX returns_email ON returns(email_key, said_at);
CREATE INDEX returns_delivery ON returns(delivery_id);
CREATE INDEX returns_subscriber ON returns(subscriber_id);
CREATE INDEX requests_email ON requests(email_key, asked_at);
CREATE INDEX requests_waiting ON requests(asked_at) WHERE sent_at IS NULL;
CREATE INDEX papers_day ON papers(coalesce(listed, published, substr(seen_at, 1, 10)));
CREATE TRIGGER papers_fts_delete AFTER DELETE ON papers WHEN EXISTS (SELECT 1 FROM papers_fts_docsize WHERE id = old.id) BEGIN INSERT INTO papers_fts(papers_fts, rowid, title, abstract) VALUES ('delete', old.id, old.title, old.abstract); END;
CREATE TRIGGER papers_fts_update AFTER UPDATE OF title, abstract ON papers
        WHEN (old.title <> new.title OR old.abstract <> new.abstract) AND EXISTS (SELECT 1 FROM papers_fts_docsize WHERE id = old.id) BEGIN INSERT INTO papers_fts(papers_fts, rowid, title, abstract) VALUES ('delete', old.id, old.title, old.abstract); INSERT INTO papers_fts(rowid, title, abstract) VALUES (new.id, new.title, new.abstract); END;
COMMIT;
