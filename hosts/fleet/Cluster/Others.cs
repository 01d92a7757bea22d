namespace Keyway.Fleet.Cluster;

/// <summary>The silos that are there.</summary>
internal static class Others
{
    /// <summary>Those that work, in an order that is the same for all of them.</summary>
    public static IReadOnlyList<SiloAddress> Of(IClusterMembershipService membership) =>
        [.. membership.CurrentSnapshot.Members.Values.Where(static member => member.Status == SiloStatus.Active).Select(static member => member.SiloAddress).Order()];
}
