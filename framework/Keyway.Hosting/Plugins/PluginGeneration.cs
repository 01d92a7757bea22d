using System.Reflection;
using System.Runtime.Loader;
using Keyway.Messaging;
using Keyway.Plugins;
using McMaster.NETCore.Plugins.Loader;

namespace Keyway.Hosting.Plugins;

/// <summary>
/// One loaded plugin: its load context, its entry object, its scope on the bus and what it registered. The only place that knows the loader.
/// </summary>
internal sealed class PluginGeneration
{
    private readonly AssemblyLoadContext _context;
    private IPlugin? _plugin;
    private ScopedBus? _scope;

    private PluginGeneration(PluginManifest manifest, AssemblyLoadContext context)
    {
        Manifest = manifest;
        _context = context;
    }

    /// <summary>What the plugin says of itself. Its assembly is that of the private copy.</summary>
    public PluginManifest Manifest { get; }

    public string Id => Manifest.Id;

    /// <summary>Which of the plugin's versions in this host it is, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>The folder as the operator knows it.</summary>
    public required string Folder { get; init; }

    /// <summary>The private copy that it was loaded from.</summary>
    public required string Copy { get; init; }

    /// <summary>What the plugin registered, once <see cref="Configure"/> has succeeded.</summary>
    public PluginBuilder? Parts { get; private set; }

    /// <summary>Loads a plugin's assembly and looks at all of its types. None of its code runs.</summary>
    /// <param name="manifest">What the plugin says of itself, in its private copy.</param>
    /// <param name="number">Which of the plugin's versions it is.</param>
    /// <param name="folder">The folder as the operator knows it.</param>
    /// <param name="unloadable">Whether it can leave before the process ends.</param>
    /// <param name="entry">The entry type, when the method succeeds.</param>
    /// <param name="problem">What went wrong, when it does not.</param>
    /// <returns>The generation, or <see langword="null"/>.</returns>
    public static PluginGeneration? Load(PluginManifest manifest, int number, string folder, bool unloadable, out Type? entry, out PluginProblem? problem)
    {
        entry = null;
        problem = null;
        AssemblyLoadContext? context = null;
        try
        {
            context = ContextOf(manifest.AssemblyPath, unloadable);
            Assembly assembly = context.LoadFromAssemblyPath(manifest.AssemblyPath);
            PluginCode.Note(context, manifest.Id);

            // At once, so that a missing member or assembly is found at start and not in the middle of a session.
            assembly.GetTypes();
            entry = assembly.GetType(manifest.EntryPoint);
            problem = CheckEntry(entry, manifest);
        }
        catch (ReflectionTypeLoadException exception)
        {
            problem = new PluginProblem(PluginFault.LoadFailed, string.Join("; ", exception.LoaderExceptions.OfType<Exception>().Select(PluginText.Of).Distinct()));
        }
        catch (Exception exception)
        {
            problem = new PluginProblem(PluginFault.LoadFailed, PluginText.Of(exception));
        }

        if (problem is null) return new PluginGeneration(manifest, context!) { Number = number, Folder = folder, Copy = Path.GetDirectoryName(manifest.AssemblyPath)! };
        entry = null;
        if (context is { IsCollectible: true }) context.Unload();
        return null;
    }

    /// <summary>Makes the plugin and lets it register what it brings.</summary>
    /// <param name="entry">The entry type.</param>
    /// <param name="scope">The plugin's scope on the bus. Ownership: this generation's.</param>
    /// <param name="context">What the host gives it.</param>
    /// <param name="thrown">What the plugin threw, for the log.</param>
    /// <returns>What went wrong, or <see langword="null"/>.</returns>
    public PluginProblem? Configure(Type entry, ScopedBus scope, PluginContext context, out Exception? thrown)
    {
        _scope = scope;
        thrown = null;
        try
        {
            _plugin = (IPlugin)Activator.CreateInstance(entry)!;
        }
        catch (Exception exception)
        {
            thrown = (exception as TargetInvocationException)?.InnerException ?? exception;
            return new PluginProblem(PluginFault.ConstructorThrew, $"the constructor of {entry.FullName} threw {PluginText.Of(thrown)}");
        }

        PluginBuilder builder = new(context);
        try
        {
            _plugin.Configure(builder);
        }
        catch (Exception exception)
        {
            thrown = exception;
            return new PluginProblem(PluginFault.ConfigureThrew, $"Configure threw {PluginText.Of(exception)}");
        }
        finally
        {
            builder.Close();
        }

        Parts = builder;
        return null;
    }

    /// <summary>Disposes the plugin, ends its subscriptions and asks the runtime to unload it.</summary>
    /// <returns>What tells whether the runtime did, and what the plugin's own disposal threw.</returns>
    public async ValueTask<(WeakReference Context, Exception? Thrown)> LeaveAsync()
    {
        Exception? thrown = null;
        WeakReference context = new(_context);
        try
        {
            if (_plugin is not null) await _plugin.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            thrown = exception;
        }

        _scope?.Dispose();
        _plugin = null;
        _scope = null;
        Parts = null;
        if (_context.IsCollectible) _context.Unload();
        return (context, thrown);
    }

    /// <summary>Makes a context for a plugin: what lies in its folder, and the contract and what the contract is made of from the host.</summary>
    /// <remarks>
    /// The package's own way to make one also looks for folders of the build machine in the host's runtime configuration, and reads it by reflection: that
    /// took longer than everything else about a plugin.
    /// </remarks>
    private static AssemblyLoadContext ContextOf(string path, bool unloadable)
    {
        AssemblyLoadContextBuilder builder = new();
        builder.SetMainAssemblyPath(path);
        builder.SetDefaultContext(AssemblyLoadContext.GetLoadContext(typeof(PluginGeneration).Assembly)!);
        builder.PreferDefaultLoadContextAssembly(typeof(IPlugin).Assembly.GetName());
        if (unloadable) builder.EnableUnloading();
        return builder.Build();
    }

    private static PluginProblem? CheckEntry(Type? entry, PluginManifest manifest)
    {
        if (entry is null) return new PluginProblem(PluginFault.NotAPlugin, $"the assembly has no type {manifest.EntryPoint}");
        if (!typeof(IPlugin).IsAssignableFrom(entry)) return new PluginProblem(PluginFault.NotAPlugin, $"{manifest.EntryPoint} does not implement the host's {typeof(IPlugin).FullName}");
        return entry.IsAbstract || entry.GetConstructor(Type.EmptyTypes) is null
            ? new PluginProblem(PluginFault.NotAPlugin, $"{manifest.EntryPoint} has no public constructor without parameters")
            : null;
    }
}
