using System.Security.Cryptography;
using Keyway.Hosting.Configuration;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Recording;
using Keyway.Plugins;

namespace Keyway.Hosting;

/// <summary>The record that <c>Keyway:Licenses:Record</c> names: begun with the host, so that a file which cannot be written is told before anything is asked, and written with its end.</summary>
internal sealed class HostRecording : IDisposable
{
    /// <summary>The secret that bodies are sealed under.</summary>
    public const string SecretName = "record";

    private readonly string _file;

    private HostRecording(string file, LicenseRecorder recorder) => (_file, Recorder) = (file, recorder);

    public LicenseRecorder Recorder { get; }

    /// <summary>Begins the record; <see langword="null"/>: none is wanted.</summary>
    /// <exception cref="KeywayConfigurationException">Its file cannot be written.</exception>
    /// <exception cref="SecretException">Bodies are wanted, and what they are to be sealed under is not there.</exception>
    public static async ValueTask<HostRecording?> BeginAsync(KeywayOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (options.Licenses.Record is not { } path) return null;
        string file = Path.GetFullPath(path, AppContext.BaseDirectory);
        LicenseRecorder recorder = await MakeAsync(options, clock, cancellationToken).ConfigureAwait(false);
        try
        {
            Write(file, recorder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            recorder.Dispose();
            throw new KeywayConfigurationException([new SettingError("Keyway:Licenses:Record", $"the record cannot be written: {exception.Message}")]);
        }

        return new HostRecording(file, recorder);
    }

    /// <summary>Writes what was recorded.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Write() => Write(_file, Recorder);

    public void Dispose() => Recorder.Dispose();

    private static async ValueTask<LicenseRecorder> MakeAsync(KeywayOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!options.Licenses.RecordBodies) return new LicenseRecorder(clock);
        using System.Buffers.IMemoryOwner<byte> secret = await SecretReader.ForRecord(options).ReadAsync(SecretName, cancellationToken).ConfigureAwait(false);
        byte[] key = GC.AllocateUninitializedArray<byte>(FileLicenseStore.LicenseFile.KeyLength, pinned: true);
        try
        {
            return FileLicenseStore.LicenseFile.TryReadKey(secret.Memory.Span, key)
                ? new LicenseRecorder(clock, key)
                : throw new SecretException(SecretName, $"the secret '{SecretName}' is not 32 bytes, 64 hexadecimal digits or their base64");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    // For its user alone, and whole or not at all.
    private static void Write(string file, LicenseRecorder recorder)
    {
        using MemoryStream archive = new();
        recorder.WriteTo(archive);
        PrivateFolder.Write(Path.GetDirectoryName(file)!, Path.GetFileName(file), archive.GetBuffer().AsSpan(0, (int)archive.Length));
    }
}
