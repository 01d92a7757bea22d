namespace Keyway.Cli;

/// <summary>What <c>keyway decrypt</c> was asked to do.</summary>
internal sealed record DecryptRequest
{
    /// <summary>Files, URLs, patterns, or <c>-</c>, as they were written.</summary>
    public required string[] Files { get; init; }

    /// <summary>The initialisation segment that the files are segments of.</summary>
    public string? Init { get; init; }

    public string[] Keys { get; init; } = [];

    public string? KeyFile { get; init; }

    /// <summary>A CPIX document with keys, or <c>-</c>.</summary>
    public string? Cpix { get; init; }

    /// <summary>The file with the private key of the recipient that the document's keys are encrypted for.</summary>
    public string? CpixKey { get; init; }

    /// <summary>Of segments of HLS, which name no key: which of the document's it is.</summary>
    public string? Kid { get; init; }

    /// <summary>How segments of HLS are encrypted, as it was written: <c>sample-aes</c>, <c>aes-128</c>.</summary>
    public string? Method { get; init; }

    /// <summary>Their initialisation vector, in hexadecimal.</summary>
    public string? Vector { get; init; }

    /// <summary>The media sequence number of the first of them.</summary>
    public ulong? Sequence { get; init; }

    public required string To { get; init; }

    public bool Force { get; init; }

    /// <summary>How many fragments are decrypted at once; 0 for as many as there are processors.</summary>
    public int Threads { get; init; }

    /// <summary>Whether the output's digest is taken. It costs more than decrypting.</summary>
    public bool Sha256 { get; init; }

    /// <summary>Whether what cannot be opened may stay protected.</summary>
    public bool AllowProtected { get; init; }

    public bool Json { get; init; }
}
