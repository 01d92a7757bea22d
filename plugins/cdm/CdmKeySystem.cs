using Keyway.Cdm.Child;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Plugins;
using Microsoft.Extensions.Logging;

namespace Keyway.Cdm;

/// <summary>A module as a key system: it reads headers, has the module's process started when a session needs it, opens sessions in it.</summary>
internal sealed class CdmKeySystem : IKeySystem
{
    // By hand: what the generator makes of several classes has an order of its own in each build, and the same source would not be the same bytes.
    private static readonly Action<ILogger, string, string, Exception?> NotPinned = LoggerMessage.Define<string, string>(LogLevel.Warning, new EventId(1, "NotPinned"), "{Module} is not pinned: Settings:Pin takes its SHA-256, which is {Hash}");

    private readonly ILogger _logger;
    private readonly ChildKeeper _keeper;
    private readonly bool _isTestModule;

    /// <param name="options">Its settings.</param>
    /// <param name="context">What the host gives the plugin.</param>
    /// <param name="program">What is started as a child.</param>
    /// <param name="testModules">
    /// The SHA-256 of modules that were built by tests of whoever calls, and have no keys but theirs: what is pinned to one of them may hand on clear samples. No setting reaches this.
    /// </param>
    /// <param name="machine">The machine's time; <see langword="null"/>: the system's.</param>
    internal CdmKeySystem(CdmOptions options, PluginContext context, ChildProgram program, IReadOnlyCollection<ReadOnlyMemory<byte>>? testModules = null, TimeProvider? machine = null)
    {
        Options = options;
        _logger = context.Logging.CreateLogger(CdmConstants.LogCategory);
        ModuleStore store = new(context.Storage, options, _logger);
        _keeper = new ChildKeeper(options, program, store, _logger, machine ?? TimeProvider.System);
        _isTestModule = !options.Pin.IsEmpty && testModules is not null && testModules.Any(pin => pin.Span.SequenceEqual(options.Pin.Span));
        Descriptor = new KeySystemDescriptor
        {
            Name = options.Name,
            Systems = options.Systems,
            Designators = [options.ModuleKeySystem],
            Schemes = [ProtectionScheme.Cenc, ProtectionScheme.Cbcs],
            // Clear Key's request is a list of identifiers that stand in the content; what another module puts into its own, nobody here can see.
            ChallengeIdentifiesDevice = !options.IsClearKey,
        };
    }

    /// <inheritdoc/>
    public KeySystemDescriptor Descriptor { get; }

    /// <summary>Its settings.</summary>
    public CdmOptions Options { get; }

    /// <summary>What the module's process has said of it; <see langword="null"/> as long as there was none.</summary>
    public ModuleFacts? Facts => _keeper.Facts;

    /// <summary>Its processes.</summary>
    internal ChildKeeper Keeper => _keeper;

    /// <inheritdoc/>
    public ProtectionHeader ParseHeader(InitializationData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return CdmHeader.Read(data, Options);
    }

    /// <inheritdoc/>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> hash = await _keeper.CheckModuleAsync(cancellationToken).ConfigureAwait(false);
        if (Options.Pin.IsEmpty) NotPinned(_logger, Options.Module, Convert.ToHexStringLower(hash.Span), null);
    }

    /// <inheritdoc/>
    public async ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(host);
        if (request.Kind == SessionKind.PersistentLicense && !Options.PersistentState)
            throw CdmError.Policy(Options, $"a licence is to be kept, and {Options.Name} may keep nothing (Settings:PersistentState)");
        CdmChild child = await _keeper.RentAsync(cancellationToken).ConfigureAwait(false);
        CdmSession session = new(this, child, host, request.Kind);
        try
        {
            await session.OpenAsync(request, cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch (Exception exception)
        {
            await session.DisposeAsync().ConfigureAwait(false);
            if (exception is ChildLostException lost) throw CdmError.Lost(Options, child.Facts, lost.End);
            if (exception is TimeoutException) throw CdmError.NoAnswer(Options, "a request for a session");
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<KeyValuePair<string, string>>> DescribeAsync(CancellationToken cancellationToken)
    {
        CdmChild child = await _keeper.RentAsync(cancellationToken).ConfigureAwait(false);
        ModuleFacts facts = child.Facts;
        _keeper.Return(child);
        return facts.Describe(Options.Module, Options.ModuleKeySystem);
    }

    /// <summary>Whether samples that a key of this module opened may be handed on.</summary>
    /// <param name="isOpen">Whether the key came in the open: in a licence of W3C Clear Key that went through here.</param>
    public bool MayExport(bool isOpen) => _isTestModule || (Options.IsClearKey && isOpen);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _keeper.DisposeAsync();
}
