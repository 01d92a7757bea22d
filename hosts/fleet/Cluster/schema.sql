-- The fleet's tables in PostgreSQL (13 or later), for Fleet:Cluster = PostgreSql. Run once, and again after an update:
--
--   psql -v ON_ERROR_STOP=1 -d fleet -f schema.sql
--
-- What is already there stays. A silo needs SELECT, INSERT, UPDATE and DELETE on these tables, and nothing else.
-- Orleans's provider has no statements of its own: it reads them from OrleansQuery by their names, and gives them parameters by theirs. Both are its.

BEGIN;

-- The statements.
CREATE TABLE IF NOT EXISTS OrleansQuery (
    QueryKey varchar(64) PRIMARY KEY,
    QueryText varchar(8000) NOT NULL
);

-- One row a cluster. Whoever changes one of its silos raises the version from the one that it has read: of two at a time one succeeds.
CREATE TABLE IF NOT EXISTS keyway_fleet_cluster (
    cluster_id text PRIMARY KEY,
    version integer NOT NULL DEFAULT 0,
    changed timestamptz NOT NULL DEFAULT now()
);

-- One row a silo. A silo that starts again is another one, of a later generation. status: 3 is active, 6 is dead.
CREATE TABLE IF NOT EXISTS keyway_fleet_silo (
    cluster_id text NOT NULL REFERENCES keyway_fleet_cluster,
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    silo_name text NOT NULL,
    host_name text NOT NULL,
    status integer NOT NULL,
    proxy_port integer,
    suspect_times text,
    start_time timestamptz(3) NOT NULL,
    alive_time timestamptz(3) NOT NULL,
    PRIMARY KEY (cluster_id, address, port, generation)
);

-- What grains keep: the roster, 64 rows. The payload is what is watched; of secrets it has names only.
CREATE TABLE IF NOT EXISTS keyway_fleet_state (
    service_id text NOT NULL,
    grain_type_hash integer NOT NULL,
    grain_type text NOT NULL,
    grain_id_hash integer NOT NULL,
    grain_id_0 bigint NOT NULL,
    grain_id_1 bigint NOT NULL,
    grain_id_text text NOT NULL,
    payload bytea,
    version integer NOT NULL,
    changed timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, grain_type, grain_id_0, grain_id_1, grain_id_text)
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey', $query$
WITH made AS (
    INSERT INTO keyway_fleet_cluster (cluster_id) VALUES (@DeploymentId) ON CONFLICT (cluster_id) DO NOTHING RETURNING 1)
SELECT CAST(count(*) AS integer) FROM made
$query$),

('InsertMembershipKey', $query$
WITH raised AS (
    UPDATE keyway_fleet_cluster SET version = version + 1, changed = now()
    WHERE cluster_id = @DeploymentId AND version = @Version
      AND NOT EXISTS (SELECT 1 FROM keyway_fleet_silo WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING cluster_id),
added AS (
    INSERT INTO keyway_fleet_silo (cluster_id, address, port, generation, silo_name, host_name, status, proxy_port, start_time, alive_time)
    SELECT cluster_id, CAST(@Address AS text), CAST(@Port AS integer), CAST(@Generation AS integer), CAST(@SiloName AS text), CAST(@HostName AS text),
           CAST(@Status AS integer), CAST(@ProxyPort AS integer), CAST(@StartTime AS timestamptz), CAST(@IAmAliveTime AS timestamptz)
    FROM raised RETURNING 1)
SELECT CAST(count(*) AS integer) FROM added
$query$),

('UpdateMembershipKey', $query$
WITH raised AS (
    UPDATE keyway_fleet_cluster SET version = version + 1, changed = now()
    WHERE cluster_id = @DeploymentId AND version = @Version
      AND EXISTS (SELECT 1 FROM keyway_fleet_silo WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING cluster_id),
changed AS (
    UPDATE keyway_fleet_silo AS silo SET status = @Status, suspect_times = CAST(@SuspectTimes AS text), alive_time = @IAmAliveTime
    FROM raised
    WHERE silo.cluster_id = raised.cluster_id AND silo.address = @Address AND silo.port = @Port AND silo.generation = @Generation
    RETURNING 1)
SELECT CAST(count(*) AS integer) FROM changed
$query$),

('UpdateIAmAlivetimeKey', $query$
UPDATE keyway_fleet_silo SET alive_time = @IAmAliveTime
WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$query$),

('MembershipReadRowKey', $query$
SELECT cluster.cluster_id AS DeploymentId, silo.address AS Address, silo.port AS Port, silo.generation AS Generation, silo.silo_name AS SiloName,
       silo.host_name AS HostName, silo.status AS Status, silo.proxy_port AS ProxyPort, silo.suspect_times AS SuspectTimes,
       silo.start_time AS StartTime, silo.alive_time AS IAmAliveTime, cluster.version AS Version
FROM keyway_fleet_cluster AS cluster
LEFT JOIN keyway_fleet_silo AS silo ON silo.cluster_id = cluster.cluster_id AND silo.address = @Address AND silo.port = @Port AND silo.generation = @Generation
WHERE cluster.cluster_id = @DeploymentId
$query$),

('MembershipReadAllKey', $query$
SELECT cluster.cluster_id AS DeploymentId, silo.address AS Address, silo.port AS Port, silo.generation AS Generation, silo.silo_name AS SiloName,
       silo.host_name AS HostName, silo.status AS Status, silo.proxy_port AS ProxyPort, silo.suspect_times AS SuspectTimes,
       silo.start_time AS StartTime, silo.alive_time AS IAmAliveTime, cluster.version AS Version
FROM keyway_fleet_cluster AS cluster
LEFT JOIN keyway_fleet_silo AS silo ON silo.cluster_id = cluster.cluster_id
WHERE cluster.cluster_id = @DeploymentId
$query$),

('GatewaysQueryKey', $query$
SELECT address AS Address, proxy_port AS ProxyPort, generation AS Generation FROM keyway_fleet_silo
WHERE cluster_id = @DeploymentId AND status = @Status AND proxy_port > 0
$query$),

('DeleteMembershipTableEntriesKey', $query$
WITH silos AS (DELETE FROM keyway_fleet_silo WHERE cluster_id = @DeploymentId)
DELETE FROM keyway_fleet_cluster WHERE cluster_id = @DeploymentId
$query$),

('CleanupDefunctSiloEntriesKey', $query$
DELETE FROM keyway_fleet_silo
WHERE cluster_id = @DeploymentId AND status = 6 AND alive_time < @IAmAliveTime AND start_time < @IAmAliveTime
$query$),

('CleanupDefunctSiloEntryKey', $query$
DELETE FROM keyway_fleet_silo
WHERE cluster_id = @DeploymentId AND status = 6 AND address = @Address AND port = @Port AND generation = @Generation
  AND alive_time = @IAmAliveTime AND start_time = @StartTime AND suspect_times IS NOT DISTINCT FROM CAST(@SuspectTimes AS text)
$query$),

('WriteToStorageKey', $query$
WITH changed AS (
    UPDATE keyway_fleet_state SET payload = @PayloadBinary, changed = now(), version = version + 1
    WHERE service_id = @ServiceId AND grain_type_hash = @GrainTypeHash AND grain_type = @GrainTypeString AND grain_id_hash = @GrainIdHash
      AND grain_id_0 = @GrainIdN0 AND grain_id_1 = @GrainIdN1 AND grain_id_text = COALESCE(CAST(@GrainIdExtensionString AS text), '')
      AND version = CAST(@GrainStateVersion AS integer)
    RETURNING version),
added AS (
    INSERT INTO keyway_fleet_state (service_id, grain_type_hash, grain_type, grain_id_hash, grain_id_0, grain_id_1, grain_id_text, payload, version)
    SELECT @ServiceId, CAST(@GrainTypeHash AS integer), @GrainTypeString, CAST(@GrainIdHash AS integer), CAST(@GrainIdN0 AS bigint), CAST(@GrainIdN1 AS bigint),
           COALESCE(CAST(@GrainIdExtensionString AS text), ''), CAST(@PayloadBinary AS bytea), 1
    WHERE CAST(@GrainStateVersion AS integer) IS NULL
    ON CONFLICT DO NOTHING
    RETURNING version)
SELECT COALESCE((SELECT version FROM changed), (SELECT version FROM added), CAST(@GrainStateVersion AS integer)) AS NewGrainStateVersion
$query$),

('ReadFromStorageKey', $query$
SELECT payload AS PayloadBinary, CAST(NULL AS text) AS PayloadXml, CAST(NULL AS text) AS PayloadJson, version AS Version FROM keyway_fleet_state
WHERE service_id = @ServiceId AND grain_type_hash = @GrainTypeHash AND grain_type = @GrainTypeString AND grain_id_hash = @GrainIdHash
  AND grain_id_0 = @GrainIdN0 AND grain_id_1 = @GrainIdN1 AND grain_id_text = COALESCE(CAST(@GrainIdExtensionString AS text), '')
$query$),

('ClearStorageKey', $query$
UPDATE keyway_fleet_state SET payload = NULL, changed = now(), version = version + 1
WHERE service_id = @ServiceId AND grain_type_hash = @GrainTypeHash AND grain_type = @GrainTypeString AND grain_id_hash = @GrainIdHash
  AND grain_id_0 = @GrainIdN0 AND grain_id_1 = @GrainIdN1 AND grain_id_text = COALESCE(CAST(@GrainIdExtensionString AS text), '')
  AND version = CAST(@GrainStateVersion AS integer)
RETURNING version AS NewGrainStateVersion
$query$),

('DeleteStorageKey', $query$
DELETE FROM keyway_fleet_state
WHERE service_id = @ServiceId AND grain_type_hash = @GrainTypeHash AND grain_type = @GrainTypeString AND grain_id_hash = @GrainIdHash
  AND grain_id_0 = @GrainIdN0 AND grain_id_1 = @GrainIdN1 AND grain_id_text = COALESCE(CAST(@GrainIdExtensionString AS text), '')
  AND version = CAST(@GrainStateVersion AS integer)
RETURNING version + 1 AS NewGrainStateVersion
$query$)

ON CONFLICT (QueryKey) DO UPDATE SET QueryText = EXCLUDED.QueryText;

COMMIT;
