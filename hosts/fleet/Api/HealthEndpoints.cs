using Keyway.Fleet.Cluster;
using Keyway.Fleet.Metrics;

namespace Keyway.Fleet.Api;

/// <summary>What an orchestrator asks: whether the process works, and whether it should get work.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", static () => Results.Text("live\n")).WithTags("Health").WithName("Live").WithSummary("Whether the process answers.");
        routes.MapGet("/health/ready", Ready).WithTags("Health").WithName("Ready").WithSummary("Whether this silo works with the cluster and watches its share. 503 while it starts and while it leaves.");
    }

    private static IResult Ready(IClusterMembershipService membership, ILocalSiloDetails silo, SiloRegistry registry, Shepherd shepherd)
    {
        SiloStatus status = membership.CurrentSnapshot.GetSiloStatus(silo.SiloAddress);
        string? why = registry.IsLeaving ? "leaving" : status != SiloStatus.Active ? $"the silo is {status}" : !shepherd.HasSwept ? "starting" : null;
        return why is null ? Results.Text("ready\n") : Results.Text(why + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
