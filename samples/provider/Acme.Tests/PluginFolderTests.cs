using System.Reflection;
using Keyway.Testing;

namespace Acme.Tests;

/// <summary>The plugin as it is shipped: what every plugin's folder promises to a host, a sentence each. `keyway plugins check FOLDER` says the same without code.</summary>
public sealed class PluginFolderTests
{
    private static readonly string Folder = typeof(PluginFolderTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static pair => pair.Key == "PluginFolder").Value!;

    public static TheoryData<string> Promises => [.. PluginFolderConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Keeps(string promise) => new PluginFolderConformance(Folder).CheckAsync(promise);
}
