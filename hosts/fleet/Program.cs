using Keyway.Fleet;
using Keyway.Fleet.Cluster;
using Keyway.Fleet.Configuration;
using Keyway.Fleet.Sandbox;
using Keyway.Licensing.Configuration;

const int wrongConfiguration = 2;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory, ApplicationName = "Keyway.Fleet" });
if (FleetConfiguration.Read(builder.Configuration, out IReadOnlyList<SettingError> mistakes) is not { } options)
{
    foreach (SettingError mistake in mistakes) Console.Error.WriteLine(mistake);
    return wrongConfiguration;
}

using LocalGuard? guard = options.Cluster == ClusterKind.Local ? LocalGuard.TryTake(options.ClusterId) : null;
if (options.Cluster == ClusterKind.Local && guard is null)
{
    Console.Error.WriteLine($"Fleet:Cluster: a silo of the local cluster '{options.ClusterId}' runs on this machine already, and a local cluster is one silo. For several, set Fleet:Cluster to Redis or PostgreSql; for another one beside it, set Fleet:ClusterId.");
    return wrongConfiguration;
}

try
{
    await using SandboxChild? sandbox = options.Sandbox ? await SandboxChild.StartAsync(CancellationToken.None) : null;
    await using WebApplication app = FleetApp.Build(builder, options, sandbox?.Streams ?? []);
    FleetApp.Warn(app, options);
    await app.StartAsync();
    Console.Error.WriteLine($"The fleet is at {app.Urls.First()}{(sandbox is null ? "" : $", and watches the sandbox at {sandbox.Url}")}");
    await app.WaitForShutdownAsync();
    return 0;
}
catch (IOException exception)
{
    // The port is taken, the sandbox does not start.
    Console.Error.WriteLine(exception.Message);
    return 1;
}
