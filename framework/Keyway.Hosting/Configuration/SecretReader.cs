using System.Buffers;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Keyway.Hosting.Plugins;
using Keyway.Licensing.Packs;
using Keyway.Plugins;
using Microsoft.Extensions.Configuration;
using Microsoft.Win32.SafeHandles;

namespace Keyway.Hosting.Configuration;

/// <summary>Reads secrets for one owner: only those that the owner's own sections refer to as <c>secret:NAME</c>.</summary>
/// <remarks>
/// Sources, in order: the file NAME in <c>Secrets:Directory</c>, which nobody but its user and root may be able to read; then the environment variable
/// <c>KEYWAY_SECRET_NAME</c>, in upper case, with '_' for '.' and '-'. Threads: any. What came from a variable is also in the process's
/// environment, where nobody can clear it: prefer files.
/// </remarks>
public sealed class SecretReader : ISecretReader
{
    private const int MaximumLength = 1 << 20;

    private readonly FrozenSet<string> _allowed;
    private readonly string? _directory;
    private readonly Func<string, string?> _environment;

    /// <summary>Makes a reader.</summary>
    /// <param name="options">Where secrets are.</param>
    /// <param name="sections">The owner's sections.</param>
    public SecretReader(SecretOptions options, IEnumerable<IConfigurationSection> sections)
        : this(options, sections, Environment.GetEnvironmentVariable)
    {
    }

    internal SecretReader(SecretOptions options, IEnumerable<IConfigurationSection> sections, Func<string, string?> environment, IEnumerable<string>? names = null)
        : this(options, sections.SelectMany(SecretReference.NamesIn).Concat(names ?? []).ToFrozenSet(StringComparer.Ordinal), environment)
    {
    }

    private SecretReader(SecretOptions options, FrozenSet<string> allowed, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(options);
        _allowed = allowed;
        _directory = options.Directory is { } directory ? Path.GetFullPath(directory, AppContext.BaseDirectory) : null;
        _environment = environment;
    }

    /// <summary>Makes the reader of one plugin.</summary>
    /// <param name="options">The options.</param>
    /// <param name="pluginId">The plugin's id.</param>
    /// <returns>The reader.</returns>
    public static SecretReader ForPlugin(KeywayOptions options, string pluginId)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new SecretReader(options.Secrets, options.SectionsOf(pluginId));
    }

    /// <summary>Makes the reader of the framework's own steps in one provider's pipeline.</summary>
    /// <param name="options">The options.</param>
    /// <param name="provider">The provider.</param>
    /// <param name="pack">The pack that configuration names for it, whose own references count as the provider's.</param>
    /// <returns>The reader.</returns>
    public static SecretReader ForProvider(KeywayOptions options, ProviderOptions provider, ProviderPack? pack = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(provider);
        return new SecretReader(options.Secrets, [provider.Section], Environment.GetEnvironmentVariable, pack?.SecretReferences);
    }

    /// <summary>Makes the reader of the one secret that stored licences are encrypted under.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The reader.</returns>
    public static SecretReader ForLicenseStore(KeywayOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new SecretReader(options.Secrets, FrozenSet.Create(StringComparer.Ordinal, FileLicenseStore.SecretName), Environment.GetEnvironmentVariable);
    }

    /// <summary>Makes the reader of the one secret that recorded challenges and licences are sealed under.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The reader.</returns>
    public static SecretReader ForRecord(KeywayOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new SecretReader(options.Secrets, FrozenSet.Create(StringComparer.Ordinal, HostRecording.SecretName), Environment.GetEnvironmentVariable);
    }

    /// <summary>Makes the reader of the one secret that what plugins keep is encrypted under.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The reader.</returns>
    public static SecretReader ForPluginStorage(KeywayOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new SecretReader(options.Secrets, FrozenSet.Create(StringComparer.Ordinal, PluginStorage.SecretName), Environment.GetEnvironmentVariable);
    }

    /// <inheritdoc/>
    public ValueTask<IMemoryOwner<byte>> ReadAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        cancellationToken.ThrowIfCancellationRequested();
        if (!SecretReference.IsName(name)) throw new SecretException(name, $"not a name of a secret ({SecretReference.NameRule})");
        if (!_allowed.Contains(name)) throw new SecretException(name, "the settings of the plugin or provider that asks do not refer to it");
        string variable = VariableOf(name);
        return new(ReadFile(name) ?? ReadVariable(variable)
            ?? throw new SecretException(name, $"not found: {(_directory is null ? "Keyway:Secrets:Directory is not set" : $"no file in {_directory}")}, and no environment variable {variable}"));
    }

    /// <summary>Whether a secret is there, without a look at it.</summary>
    internal static bool Exists(SecretOptions options, string name) =>
        (options.Directory is { } directory && File.Exists(Path.Combine(Path.GetFullPath(directory, AppContext.BaseDirectory), name))) || Environment.GetEnvironmentVariable(VariableOf(name)) is { Length: > 0 };

    /// <summary>The environment variable that a secret may come from.</summary>
    internal static string VariableOf(string name) => "KEYWAY_SECRET_" + name.ToUpperInvariant().Replace('.', '_').Replace('-', '_');

    private PinnedSecret? ReadFile(string name)
    {
        if (_directory is null) return null;
        string file = Path.Combine(_directory, name);
        try
        {
            if (Directory.Exists(file)) throw new SecretException(name, "it is a folder");
            if (!File.Exists(file)) return null;

            // Orchestrators mount secrets as links; a link may lead nowhere but below the folder.
            FileInfo found = new(WithoutLinks(file));
            if (!found.FullName.StartsWith(Path.TrimEndingDirectorySeparator(WithoutLinks(_directory)) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw new SecretException(name, $"it is a link that leads out of {_directory}");

            // Before it is opened: opening a pipe would wait for its writer.
            if (found.Length == 0) throw new SecretException(name, "it is empty, or not a regular file");
            using SafeFileHandle handle = File.OpenHandle(found.FullName);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(handle) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
                throw new SecretException(name, $"others may read {found.FullName} (chmod 600 closes it)");
            return Read(name, handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecretException(name, $"{file} cannot be read ({e.GetType().Name})", e);
        }
    }

    private static PinnedSecret Read(string name, SafeFileHandle handle)
    {
        long length = RandomAccess.GetLength(handle);
        if (length is 0 or > MaximumLength) throw new SecretException(name, $"it is not 1 to {MaximumLength} bytes long");
        PinnedSecret secret = new((int)length);
        for (int at = 0, read; at < length; at += read)
        {
            read = RandomAccess.Read(handle, secret.Memory.Span[at..], at);
            if (read > 0) continue;
            secret.Dispose();
            throw new SecretException(name, "it became shorter while it was read");
        }

        return secret;
    }

    private PinnedSecret? ReadVariable(string variable)
    {
        if (_environment(variable) is not { Length: > 0 } text) return null;
        PinnedSecret secret = new(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, secret.Memory.Span);
        return secret;
    }

    private static string WithoutLinks(string path)
    {
        string at = Path.GetPathRoot(path)!;
        foreach (string name in path[at.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            at = Path.Combine(at, name);
            FileSystemInfo entry = Directory.Exists(at) ? new DirectoryInfo(at) : new FileInfo(at);
            if (entry.ResolveLinkTarget(returnFinalTarget: true) is { } target) at = WithoutLinks(target.FullName);
        }

        return at;
    }

    /// <summary>Exactly as long as the secret, where the collector makes no copies, and zeroed in the end.</summary>
    private sealed class PinnedSecret(int length) : IMemoryOwner<byte>
    {
        private byte[]? _bytes = GC.AllocateUninitializedArray<byte>(length, pinned: true);

        public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(PinnedSecret));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } bytes) CryptographicOperations.ZeroMemory(bytes);
        }
    }
}
