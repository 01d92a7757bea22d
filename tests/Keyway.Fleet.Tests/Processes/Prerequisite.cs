using System.Reflection;

namespace Keyway.Fleet.Processes;

/// <summary>What these tests need beside .NET. Where it is missing they skip, unless <c>KEYWAY_FLEET_STORES=required</c>: then they fail.</summary>
internal static class Prerequisite
{
    /// <summary>The program.</summary>
    public static string Program { get; } = typeof(Prerequisite).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static each => each.Key == "Program").Value!;

    public static string Schema => Path.Combine(Path.GetDirectoryName(Program)!, "schema.sql");

    /// <summary>A store. Does not return where it is not installed.</summary>
    public static async Task<Store> StoreAsync(string kind)
    {
        if (Store.IsInstalled(kind)) return await Store.StartAsync(kind, Schema);
        string what = kind == "Redis" ? "Redis is not installed (Debian: apt-get install redis-server)" : "PostgreSQL is not installed (Debian: apt-get install postgresql)";
        if (Environment.GetEnvironmentVariable("KEYWAY_FLEET_STORES") == "required") throw new InvalidOperationException(what);
        Assert.Skip(what);
        throw new InvalidOperationException(what);
    }
}
