using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Keyway.Hosting.Plugins;

/// <summary>Tells whose code is whose: for a host that has to name the plugin behind a crash or behind a line that somebody has written to its console.</summary>
/// <remarks>Threads: any. It holds no plugin in memory.</remarks>
public static class PluginCode
{
    private static readonly ConditionalWeakTable<AssemblyLoadContext, string> Owners = [];

    /// <summary>Names the plugin that an assembly was loaded for.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <returns>The plugin's id; <see langword="null"/>: it is the host's.</returns>
    public static string? OwnerOf(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return AssemblyLoadContext.GetLoadContext(assembly) is { } context && Owners.TryGetValue(context, out string? id) ? id : null;
    }

    /// <summary>Names the plugin whose code is innermost on a stack.</summary>
    /// <param name="stack">The stack: this thread's, or an exception's.</param>
    /// <returns>The plugin's id; <see langword="null"/>: there is no plugin's code on it.</returns>
    public static string? FindOn(StackTrace stack)
    {
        ArgumentNullException.ThrowIfNull(stack);
        return stack.GetFrames().Select(static frame => frame.GetMethod()?.Module.Assembly).OfType<Assembly>().Select(OwnerOf).FirstOrDefault(static id => id is not null);
    }

    /// <summary>Names the plugin that threw an exception, or whose code it went through; then those inside it.</summary>
    /// <param name="exception">The exception.</param>
    /// <returns>The plugin's id; <see langword="null"/>: no plugin had a part in it.</returns>
    public static string? FindIn(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        for (Exception? each = exception; each is not null; each = each.InnerException)
            if ((FindOn(new StackTrace(each, fNeedFileInfo: false)) ?? OwnerOf(each.GetType().Assembly)) is { } id) return id;
        return null;
    }

    /// <summary>Notes whose a load context is.</summary>
    internal static void Note(AssemblyLoadContext context, string id) => Owners.AddOrUpdate(context, id);
}
