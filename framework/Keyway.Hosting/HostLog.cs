using Keyway.Hosting.Plugins;
using Keyway.Licensing.Configuration;
using Microsoft.Extensions.Logging;

namespace Keyway.Hosting;

/// <summary>What the host logs, in one class: of several the generator makes an order of its own in each build, and the same source would not be the same bytes.</summary>
internal static partial class HostLog
{
    [LoggerMessage(201, LogLevel.Information, "plugin '{Plugin}' loaded (contract {Contract}) from {Folder}")]
    public static partial void Loaded(ILogger logger, string plugin, string contract, string folder);

    [LoggerMessage(202, LogLevel.Error, "plugin '{Plugin}' left out: {Problem}")]
    public static partial void Refused(ILogger logger, string plugin, PluginProblem problem, Exception? exception);

    [LoggerMessage(208, LogLevel.Information, "plugin '{Plugin}' in {Folder} is left out: configuration does not name it")]
    public static partial void NotNamed(ILogger logger, string plugin, string? folder);

    [LoggerMessage(203, LogLevel.Warning, "plugin '{Plugin}' is configured and not there")]
    public static partial void Absent(ILogger logger, string plugin);

    [LoggerMessage(204, LogLevel.Information, "plugin '{Plugin}' unloaded")]
    public static partial void Unloaded(ILogger logger, string plugin);

    [LoggerMessage(205, LogLevel.Warning, "plugin '{Plugin}' has left, and something still holds it in memory")]
    public static partial void NotCollected(ILogger logger, string plugin);

    [LoggerMessage(206, LogLevel.Warning, "plugin '{Plugin}' threw while it was disposed")]
    public static partial void DisposalFailed(ILogger logger, string plugin, Exception exception);

    [LoggerMessage(207, LogLevel.Warning, "the private copy {Folder} of a plugin could not be deleted")]
    public static partial void CopyStays(ILogger logger, string folder, Exception exception);

    [LoggerMessage(302, LogLevel.Warning, "configuration: {Warning}")]
    public static partial void Warned(ILogger logger, SettingError warning);

    [LoggerMessage(303, LogLevel.Information, "configuration was read again: {KeySystems} key systems, {Providers} providers, {Routes} routes for presentations that are opened from now on")]
    public static partial void Reloaded(ILogger logger, int keySystems, int providers, int routes);

    [LoggerMessage(304, LogLevel.Error, "changed configuration is refused, and the last good one stays: {Mistake}")]
    public static partial void NotTaken(ILogger logger, SettingError mistake);

    [LoggerMessage(305, LogLevel.Error, "changed configuration could not be read, and the last good one stays: {Fault}")]
    public static partial void NotReloaded(ILogger logger, string fault);

    [LoggerMessage(301, LogLevel.Warning, "a key system failed when it was disposed ({Fault})")]
    public static partial void NotDisposed(ILogger logger, string fault);
}
