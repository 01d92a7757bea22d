using Keyway.Hosting;
using Microsoft.Extensions.Configuration;

namespace Keyway.Cli.Sandbox;

/// <summary>
/// A host that is about to open something, and, where that is the bundled sample and nobody names another licence service, the sample's own beside it: the one case in which the
/// command names both.
/// </summary>
/// <remarks>Ownership: who began it disposes it: the host first, then the device, then the service.</remarks>
internal sealed class DemoRun : IAsyncDisposable
{
    /// <summary>The key system that plays the bundled sample when nobody says which.</summary>
    public const string DefaultKeySystem = "clearkey";

    private DemoDevice? _device;

    private readonly bool _every;

    private DemoRun(CommandContext context, PresentationOptions options, bool every) => (Context, Options, _every) = (context, options, every);

    /// <summary>The bundled sample.</summary>
    public static Uri Sample => new(Path.Combine(AppContext.BaseDirectory, "samples", "cenc", "manifest.mpd"));

    /// <summary>What the command is run with, and the settings of this run over it.</summary>
    public CommandContext Context { get; private set; }

    /// <summary>How the presentation is opened.</summary>
    public PresentationOptions Options { get; private set; }

    /// <summary>The sample's service; <see langword="null"/>: another plays it.</summary>
    public SandboxProcess? Sandbox { get; private set; }

    /// <summary>The host.</summary>
    public KeywayHost Host { get; private set; } = null!;

    /// <summary>Ends when the host has been started as far as it could be beside the service. To be awaited before <see cref="Cli.Host.StartAsync"/>.</summary>
    public Task Starting { get; private set; } = Task.CompletedTask;

    /// <summary>Makes the host, and starts the sample's service where there is no source.</summary>
    /// <param name="context">What the command is run with.</param>
    /// <param name="source">What is to be opened; <see langword="null"/>: the sample.</param>
    /// <param name="options">How.</param>
    /// <param name="arguments">Further arguments of the sample's service.</param>
    /// <param name="every">Whether the plugins of all key systems are loaded, also where one is named: for those who explain every header. It takes longer.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="UsageException">The sample cannot be opened in that way.</exception>
    /// <exception cref="SandboxException">The sample's service does not start.</exception>
    public static async Task<DemoRun> BeginAsync(CommandContext context, Uri? source, PresentationOptions options, IReadOnlyList<string> arguments, bool every, CancellationToken cancellationToken)
    {
        bool isOurs = source is null && options.LicenseUrl is null;
        IConfigurationRoot settings = Cli.Host.ReadSettings(context);
        bool provided = isOurs && DemoProvider.IsFor(options.Provider, settings);
        if (provided) options = options with { KeySystem = DemoProvider.KeySystemOf(options.KeySystem) };
        bool isDemo = isOurs && (options.Provider is null || provided);
        Task<SandboxProcess>? starting = isDemo ? SandboxProcess.StartAsync(arguments, context.Io.Leftovers, cancellationToken) : null;
        // Where the host needs nothing of the sandbox to start, the two start beside each other.
        KeywayHost? early = isDemo && !provided && !DemoDevice.IsNeeded(options.KeySystem ?? DefaultKeySystem, settings) ? Cli.Host.Create(context, settings, every ? null : Cli.Host.OnlyKeySystem(options with { KeySystem = options.KeySystem ?? DefaultKeySystem })) : null;
        DemoRun run = new(context, options, every) { Host = early!, Starting = early?.StartAsync(cancellationToken) ?? Task.CompletedTask };
        try
        {
            await run.PrepareAsync(starting, provided, settings, cancellationToken);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Host is not null) await Host.DisposeAsync();
        _device?.Dispose();
        if (Sandbox is not null) await Sandbox.DisposeAsync();
    }

    private async Task PrepareAsync(Task<SandboxProcess>? starting, bool provided, IConfigurationRoot settings, CancellationToken cancellationToken)
    {
        if (starting is not null) Sandbox = await starting;
        if (Sandbox is { } sandbox)
        {
            if (provided) Context = Context with { Settings = [.. DemoProvider.Settings(sandbox.Url, Options.KeySystem!), .. Context.Settings] };
            else
            {
                string system = Options.KeySystem ?? DefaultKeySystem;
                Options = Options with { KeySystem = system, LicenseUrl = new Uri(sandbox.Url, DemoDevice.PathOf(system)) };
            }

            _device = await DemoDevice.AskAsync(sandbox, Options.KeySystem!, provided ? Cli.Host.ReadSettings(Context) : settings, Context.Io.Leftovers, cancellationToken);
            if (_device is not null) Context = Context with { Settings = [.. _device.Settings, .. Context.Settings] };
        }

        bool isChanged = provided || _device is not null;
        Host ??= Cli.Host.Create(Context, isChanged ? Cli.Host.ReadSettings(Context) : settings, _every ? null : Cli.Host.OnlyKeySystem(Options));
    }
}
