using System.Runtime.InteropServices;
using Keyway.Licensing;
using Keyway.Plugins;

[assembly: KeywayPlugin("native-dependency", typeof(Zoo.NativePlugin))]

namespace Zoo;

/// <summary>Calls into a native library of its own package. The name of its one step tells the version of that library.</summary>
public sealed partial class NativePlugin : IPlugin
{
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        int version = Version();
        builder.AddMiddleware($"sqlite-{version}", static _ => new Nothing());
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_libversion_number")]
    private static partial int Version();

    private sealed class Nothing : ILicenseMiddleware
    {
        public ValueTask InvokeAsync(LicenseExchange exchange, LicenseHandler next, CancellationToken cancellationToken) => next(exchange, cancellationToken);
    }
}
