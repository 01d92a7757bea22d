using System.Globalization;

namespace Keyway.Cdm.FakeHost;

/// <summary>What a fake module does, as text: the file that a configuration names as the module.</summary>
/// <remarks>
/// <code>
/// # a comment
/// log PATH                     every call both ways is appended there, a line each; it is opened before the sandbox is closed
/// accept 11                    versions of the interface that it takes (10 and 11 without this line)
/// host 10                      the version of the host that it asks for (that of the interface without this line)
/// without verify version       exports that it does not have: verify, version, deinitialize
/// key KID KEY                  hexadecimal: what it decrypts with from the beginning
/// measure                      samples are copied; for one of 1 byte the log says what was allocated since the first
/// on METHOD action; action …   what it does instead of what it does by itself; an empty list does nothing
/// </code>
/// <para>
/// METHOD is Loading, VerifyHost, InitializeModule, CreateInstance, DeinitializeModule, a method of the interface (Initialize, CreateSession, LoadSession, UpdateSession, CloseSession, RemoveSession,
/// SetServerCertificate, GetStatusForPolicy, Decrypt, TimerExpired, OnStorageId, OnPlatformChallengeResponse, OnQueryOutputProtectionStatus, Destroy), or of a file
/// (Opened, Read, Written). <see cref="FakeActions"/> has the actions. "by-itself" is what a method does without a line.
/// </para>
/// </remarks>
internal sealed class FakeScript
{
    private readonly HashSet<string> _without = [];

    /// <summary>What methods do.</summary>
    public Dictionary<string, string[]> Methods { get; } = new(StringComparer.Ordinal);

    /// <summary>The versions of the interface that it takes.</summary>
    public HashSet<int> Accepted { get; } = [10, 11];

    /// <summary>The host that it asks for. 0: that of the interface.</summary>
    public int HostVersion { get; private set; }

    /// <summary>Whether samples are copied instead of decrypted, and counts what is allocated meanwhile.</summary>
    public bool Measures { get; private set; }

    /// <summary>Where it writes what happens.</summary>
    public string? Log { get; private set; }

    /// <summary>What it decrypts with from the beginning.</summary>
    public Dictionary<string, byte[]> Keys { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether it has an export that not every module has.</summary>
    public bool Has(string export) => !_without.Contains(export);

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static FakeScript Parse(string text)
    {
        FakeScript script = new();
        foreach (string line in text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["log", string path]:
                    script.Log = path;
                    break;
                case ["accept", .. string[] versions]:
                    script.Accepted.Clear();
                    script.Accepted.UnionWith(versions.Select(version => int.Parse(version, CultureInfo.InvariantCulture)));
                    break;
                case ["host", string version]:
                    script.HostVersion = int.Parse(version, CultureInfo.InvariantCulture);
                    break;
                case ["without", .. string[] exports]:
                    script._without.UnionWith(exports);
                    break;
                case ["measure"]:
                    script.Measures = true;
                    break;
                case ["key", string id, string key]:
                    script.Keys[id] = Convert.FromHexString(key);
                    break;
                case ["on", string method, ..]:
                    script.Methods[method] = line[(line.IndexOf(method, StringComparison.Ordinal) + method.Length)..].Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                    break;
                default:
                    throw new FormatException($"not a line of a fake module: {line}");
            }
        }

        return script;
    }
}
