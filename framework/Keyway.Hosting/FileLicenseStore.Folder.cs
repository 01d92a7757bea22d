using Keyway.Sessions;

namespace Keyway.Hosting;

/// <content>The folder: its names, its rights, and who may be in it.</content>
public sealed partial class FileLicenseStore
{
    private const string Extension = ".license";
    private const string LockName = ".lock";

    // What the platform's library says of a file that another holds: an error code of Windows, or errno EWOULDBLOCK as the system numbers it.
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int LockViolation = unchecked((int)0x80070021);
    private const int WouldBlockLinux = 11;
    private const int WouldBlockBsd = 35;

    private static bool IsUnfinished(string name) => name.StartsWith('.') && name.EndsWith(PrivateFolder.Unfinished, StringComparison.Ordinal);

    private static bool TryParseName(string name, out StoredLicenseId id)
    {
        id = default;
        // In exactly the form that it is written in: one licence has one name.
        return name.EndsWith(Extension, StringComparison.Ordinal) && StoredLicenseId.TryParse(name[..^Extension.Length], out id) && name == $"{id}{Extension}";
    }

    /// <summary>Does something while nobody else, in this process or another, does anything in the folder.</summary>
    /// <param name="mayMake">Whether the folder is made if it is not there.</param>
    /// <param name="work">What to do. It is given the format, with the key.</param>
    /// <param name="absent">The answer where there is no folder.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async ValueTask<T> WithLockAsync<T>(bool mayMake, Func<LicenseFile?, T> work, T absent, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!mayMake && !Directory.Exists(Folder)) return absent;
            LicenseFile format = await FormatAsync(cancellationToken).ConfigureAwait(false);
            MakeFolder();
            FileStream held = await LockAsync(cancellationToken).ConfigureAwait(false);
            await using (held.ConfigureAwait(false)) return work(format);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LicenseStoreException($"{Folder}: {exception.Message}", exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    private void MakeFolder()
    {
        if (PrivateFolder.Make(Folder) is { } reason) throw new LicenseStoreException(reason);
    }

    private async ValueTask<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        long begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(Folder, LockName), options);
            }
            catch (IOException exception) when (IsHeld(exception))
            {
                // Another process is at work, for milliseconds. The system unlocks what a crashed one held.
                if (TimeProvider.System.GetElapsedTime(begun) > Patience) throw new LicenseStoreException($"another process holds {Folder}", exception);
            }

            await Task.Delay(5, cancellationToken).ConfigureAwait(false);
        }
    }

    // Not every refusal is somebody else's lock: a folder may be read-only, or its disk full. Then there is nothing to wait for.
    private static bool IsHeld(IOException exception) => OperatingSystem.IsWindows()
        ? exception.HResult is SharingViolation or LockViolation
        : exception.HResult == (OperatingSystem.IsLinux() ? WouldBlockLinux : WouldBlockBsd);
}
