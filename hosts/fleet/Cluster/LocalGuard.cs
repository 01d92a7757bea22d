using System.Security.Cryptography;
using System.Text;

namespace Keyway.Fleet.Cluster;

/// <summary>
/// Sees to it that a local cluster is one silo: a second one on this machine would be another cluster of the same name, and ask for everything a second time. Held for as long as the
/// process lives, however it ends.
/// </summary>
internal sealed class LocalGuard : IDisposable
{
    private readonly FileStream _file;

    private LocalGuard(FileStream file) => _file = file;

    /// <summary>Takes the place.</summary>
    /// <returns><see langword="null"/>: another process has it.</returns>
    public static LocalGuard? TryTake(string clusterId)
    {
        // A folder that all processes of the user share, and a name that holds nothing of what was configured.
        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.UserName}\n{clusterId}"))[..8]);
        try
        {
            return new LocalGuard(new FileStream(Path.Combine(Path.GetTempPath(), $"keyway-fleet-{name}.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
