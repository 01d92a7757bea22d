namespace Keyway.Fleet.Configuration;

/// <summary>Where silos find each other, and where the roster is kept.</summary>
internal enum ClusterKind
{
    /// <summary>Nowhere: one silo, and what came over HTTP is gone when it ends.</summary>
    Local = 0,

    /// <summary>Redis.</summary>
    Redis,

    /// <summary>PostgreSQL, with the tables of <c>schema.sql</c>.</summary>
    PostgreSql,
}
