using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Messaging;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Hosting.Plugins;

/// <content>The promises that are looked at with the plugin loaded.</content>
public sealed partial class PluginFolderCheck
{
    private static readonly SearchValues<char> NameSigns = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    /// <summary>Loads and configures the plugin, looks at it, and lets it go. On a thread of its own: what hangs hangs there.</summary>
    /// <param name="look">What is looked for, and what was seen; called when the plugin is loaded and configured.</param>
    /// <param name="fault">The fault of loading or configuring that this promise is about; <see langword="null"/>: none.</param>
    /// <param name="cancellationToken">Cancels what is cancelled of the plugin's own calls.</param>
    /// <param name="faults">More such faults.</param>
    private async Task<string?> LoadedAsync(Func<PluginGeneration, CancellationToken, string?> look, PluginFault? fault, CancellationToken cancellationToken, params PluginFault[] faults) =>
        (await RunAsync(look, fault, cancellationToken, faults).ConfigureAwait(false)).Seen;

    private async Task<string?> LeavesAsync(CancellationToken cancellationToken)
    {
        // Once more as a host uses it, so that what it does when it is used has been done.
        (string? seen, WeakReference? context) = await RunAsync(static (plugin, cancelled) => Use(plugin, cancelled), null, cancellationToken).ConfigureAwait(false);
        if (seen is not null || context is null) return seen;
        return await PluginCollection.WatchAsync(context, TimeProvider.System, cancellationToken).ConfigureAwait(false)
            ? null
            : "it was disposed and unloaded, and something still holds it: a timer, a thread, a subscription past the plugin's context, or a cache of a library that keeps its types";
    }

    private async Task<(string? Seen, WeakReference? Context)> RunAsync(Func<PluginGeneration, CancellationToken, string?> look, PluginFault? fault, CancellationToken cancellationToken, params PluginFault[] faults)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<(string? Seen, WeakReference? Context)> run = Task.Run(() => Run(look, fault, faults, patience.Token), CancellationToken.None);
        try
        {
            return await run.WaitAsync(Patience, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await patience.CancelAsync().ConfigureAwait(false);
            return (string.Create(CultureInfo.InvariantCulture, $"it has not come back after {Patience.TotalSeconds:0.#} s"), null);
        }
    }

    // Nothing of the plugin may be in the state of a caller that looks for it afterwards.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (string? Seen, WeakReference? Context) Run(Func<PluginGeneration, CancellationToken, string?> look, PluginFault? fault, PluginFault[] faults, CancellationToken cancellationToken)
    {
        using PluginCopies copies = new();
        string copy = copies.Take(_folder, _manifest!.Id, 1, hasLinks: true);
        PluginCopies.Prepare(copy);
        PluginManifest manifest = PluginDiscovery.Read(copy, out PluginProblem? problem) ?? throw new IOException(problem!.Reason);
        PluginGeneration? plugin = PluginGeneration.Load(manifest, 1, _folder, unloadable: true, out Type? entry, out problem);
        WeakReference? context = null;
        string? seen = null;
        InProcessBus bus = new();
        if (plugin is not null)
        {
            try
            {
                // Types are looked at without running any code.
                if (fault != PluginFault.LoadFailed) problem = plugin.Configure(entry!, new ScopedBus(bus), Context(manifest.Id, bus), out _);
                if (fault is null && problem is null) seen = look(plugin, cancellationToken);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                seen = $"it threw {PluginText.Of(exception)}";
            }
            finally
            {
                (context, Exception? thrown) = plugin.LeaveAsync().AsTask().GetAwaiter().GetResult();
                if (thrown is not null) seen ??= $"its disposal threw {PluginText.Of(thrown)}";
            }
        }

        if (problem is not null) seen = problem.Fault == fault || faults.Contains(problem.Fault) ? problem.Reason : null;
        return (seen, context);
    }

    private static string? Use(PluginGeneration plugin, CancellationToken cancellationToken)
    {
        // What it does wrong is another promise's.
        Make(plugin, system => CheckSession(system, cancellationToken));
        return null;
    }

    private static PluginContext Context(string id, InProcessBus bus) => new()
    {
        PluginId = id,
        Settings = Empty($"Keyway:Plugins:Allow:{id}"),
        Logging = NullLoggerFactory.Instance,
        Events = bus,
        Secrets = new NoSecret(),
        Http = new HttpMessageInvoker(new NoNetwork()),
        Clock = TimeProvider.System,
    };

    private static IConfigurationSection Empty(string path) => new ConfigurationBuilder().Build().GetSection(path);

    private static string? CheckNames(PluginGeneration plugin, CancellationToken cancellationToken)
    {
        PluginBuilder parts = plugin.Parts!;
        return Check("key system", parts.KeySystems.Select(static part => part.Name))
            ?? Check("provider", parts.Providers.Select(static part => part.Name))
            ?? Check("step", parts.Middleware.Select(static part => part.Name));

        static string? Check(string kind, IEnumerable<string> names)
        {
            HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
            foreach (string name in names)
            {
                if (name.AsSpan().ContainsAnyExcept(NameSigns)) return $"the {kind} '{name}' has a name that no path of configuration can have: letters, digits, '.', '_' and '-'";
                if (!seen.Add(name)) return $"there are two of the {kind} '{name}'";
            }

            return null;
        }
    }

    /// <summary>Makes everything that the plugin registers, of no settings; what refuses that with a sentence is left alone.</summary>
    /// <param name="plugin">The plugin.</param>
    /// <param name="look">What is looked for in each key system; <see langword="null"/>: how it ends.</param>
    private static string? Make(PluginGeneration plugin, Func<IKeySystem, string?>? look)
    {
        PluginBuilder parts = plugin.Parts!;
        foreach (PluginPart<ILicenseMiddleware> part in parts.Middleware)
            if (TryMake($"step '{part.Name}'", part, "Keyway:Providers:any:Pipeline:0", out ILicenseMiddleware? _) is { } seen) return seen;
        foreach (PluginPart<ILicenseProvider> part in parts.Providers)
        {
            if (TryMake($"provider '{part.Name}'", part, $"Keyway:Providers:{part.Name}", out ILicenseProvider? provider) is { } seen) return seen;
            if (provider is not null && string.IsNullOrWhiteSpace(provider.Name)) return $"the provider '{part.Name}' has no name when it is made";
        }

        foreach (PluginPart<IKeySystem> part in parts.KeySystems)
        {
            if (TryMake($"key system '{part.Name}'", part, $"Keyway:KeySystems:{part.Name}:Settings", out IKeySystem? system) is { } seen) return seen;
            if (system is null) continue;
            string? found = null;
            try
            {
                found = look?.Invoke(system);
            }
            finally
            {
                // How it ends is a promise of its own.
                string? end = End(system) ?? End(system);
                if (look is null) found = end;
            }

            if (found is not null) return $"the key system '{part.Name}': {found}";
        }

        return null;
    }

    private static string? End(IKeySystem system)
    {
        try
        {
            system.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return $"its disposal threw {PluginText.Of(exception)}";
        }
    }

    private static string? TryMake<T>(string what, PluginPart<T> part, string path, out T? made)
        where T : class
    {
        made = null;
        try
        {
            made = part.Create(Empty(path));
            return made is null ? $"the {what} is null when it is made" : null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A sentence of somebody who looked at the settings, and not of the runtime about code that did not.
            return exception is NullReferenceException or ArgumentNullException or IndexOutOfRangeException or ArgumentOutOfRangeException or KeyNotFoundException or InvalidCastException or TypeInitializationException
                or MissingMemberException or TypeLoadException or FileNotFoundException or DivideByZeroException
                ? $"the {what} could not be made without settings and does not say what is missing: {PluginText.Of(exception)}"
                : null;
        }
    }

    private static string? CheckDescriptor(IKeySystem system)
    {
        if (system.Descriptor is not { } descriptor) return "it has no descriptor";
        if (string.IsNullOrWhiteSpace(descriptor.Name)) return "its descriptor has no name";
        if (descriptor.Systems is null or { Count: 0 }) return "its descriptor names no protection system";
        KeySystemDescriptor again = system.Descriptor;
        return again.Name == descriptor.Name && again.Systems.SequenceEqual(descriptor.Systems) ? null : "its descriptor is another when it is asked again";
    }

    private static string? CheckGarbage(IKeySystem system)
    {
        if (CheckDescriptor(system) is not null) return null;
        foreach (InitializationData data in Garbage(system.Descriptor.Systems[0]))
        {
            try
            {
                if (system.ParseHeader(data) is null) return $"{data.Kind} data of {data.Payload.Length} bytes is read as null";
            }
            catch (ProtectionHeaderException)
            {
                // As it should be.
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                return $"{data.Kind} data of {data.Payload.Length} bytes made it throw {PluginText.Of(exception)}";
            }
        }

        return null;
    }

    /// <summary>Bytes of no meaning, the same each time, in each kind and of lengths that headers begin and end at.</summary>
    private static IEnumerable<InitializationData> Garbage(SystemId system)
    {
        byte[] noise = new byte[4096];
        for (int i = 0; i < noise.Length; i += SHA256.HashSizeInBytes) SHA256.HashData(BitConverter.GetBytes(i), noise.AsSpan(i, Math.Min(SHA256.HashSizeInBytes, noise.Length - i)));
        byte[][] payloads =
        [
            [], [0], [0xff], new byte[16], new byte[4096], [.. Enumerable.Repeat((byte)0xff, 64)], noise, noise[..16], noise[..33], "{"u8.ToArray(), "{}"u8.ToArray(), "<a>"u8.ToArray(),
            """{"kids":[null,1,{}]}"""u8.ToArray(), [8, 1, 0x12, 0xff, 0xff, 0xff, 0xff, 0x0f], Encoding.Unicode.GetBytes("<WRMHEADER"), [0, 0, 0, 8, (byte)'p', (byte)'s', (byte)'s', (byte)'h'],
        ];
        foreach (InitializationDataKind kind in (InitializationDataKind[])[InitializationDataKind.Pssh, InitializationDataKind.KeyIds, InitializationDataKind.WebM])
            foreach (byte[] payload in payloads) yield return new InitializationData { Kind = kind, System = system, Payload = payload };
    }

    private static string? CheckSession(IKeySystem system, CancellationToken cancellationToken)
    {
        if (CheckDescriptor(system) is not null) return null;
        try
        {
            ProtectionScheme scheme = system.Descriptor.Schemes is [var first, ..] ? first : ProtectionScheme.Cenc;
            system.StartAsync(cancellationToken).AsTask().GetAwaiter().GetResult();
            SessionRequest request = new() { Keys = [new WantedKey { Id = new KeyId(1), Scheme = scheme }] };
            ILicenseSession session = system.OpenSessionAsync(request, new DeafSession(), cancellationToken).AsTask().GetAwaiter().GetResult();
            if (session is null) return "a session is null when it is opened";
            try
            {
                ArrayBufferWriter<byte> challenge = new();
                ChallengeInfo info = session.WriteChallengeAsync(new ChallengeRequest { Kind = ChallengeKind.License }, challenge, cancellationToken).AsTask().GetAwaiter().GetResult();
                return info is null ? "a challenge was written, and nothing is said of it" : null;
            }
            finally
            {
                session.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        }
        catch (KeywayException)
        {
            // As it should be.
            return null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return $"it threw {PluginText.Of(exception)}";
        }
    }

    /// <summary>The framework's half of a session whose keys nobody wants.</summary>
    private sealed class DeafSession : ISessionHost
    {
        public void Import(KeyId id, ReadOnlySpan<byte> key, KeyPolicy policy)
        {
        }

        public void UpdatePolicy(KeyId id, KeyPolicy policy)
        {
        }

        public void SetStatus(KeyId id, KeyStatus status)
        {
        }

        public void RequestExchange(ChallengeKind kind)
        {
        }

        public void Close(LicenseErrorKind reason)
        {
        }
    }

    private sealed class NoSecret : ISecretReader
    {
        public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken) => ValueTask.FromException<IMemoryOwner<byte>>(new SecretException(name, "a check has no secrets"));
    }

    private sealed class NoNetwork : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromException<HttpResponseMessage>(new HttpRequestException("a check reaches nobody"));
    }
}
