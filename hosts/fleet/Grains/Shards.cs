using System.Text;
using Keyway.Fleet.Configuration;

namespace Keyway.Fleet.Grains;

/// <summary>Which shard has what: the same in every process and every version.</summary>
internal static class Shards
{
    public static int OfStream(string name) => (int)(Hash(name) % FleetLimits.RosterShards);

    public static int OfOrigin(string origin) => (int)(Hash(origin) % FleetLimits.AlertShards);

    // FNV-1a, 32 bits.
    private static uint Hash(string text)
    {
        uint hash = 2166136261;
        foreach (byte each in Encoding.UTF8.GetBytes(text)) hash = (hash ^ each) * 16777619;
        return hash;
    }
}
