using System.Buffers;
using System.Security.Cryptography;
using Keyway.Licensing;

namespace Keyway.KeyFiles;

/// <summary>The protocol half of a session for one key file. Its bytes pass through and stay nowhere.</summary>
internal sealed class KeyFileSession(ProtectionHeader header, Uri address, ISessionHost host) : ILicenseSession
{
    // Whoever has the playlist has the key, and with it a clear copy of everything.
    private static readonly KeyPolicy Policy = new() { Output = new OutputRequirement { ClearExport = true } };

    /// <summary>Hands the key over that stands in its address; then no exchange is needed. Of any other address nothing.</summary>
    /// <exception cref="LicenseServiceException">What stands there is no key.</exception>
    public void ImportInline()
    {
        if (!DataUri.Is(address.OriginalString)) return;
        if (address.OriginalString.Length > KeyFileLimits.DataUri) throw KeyFileError.NoKey(address, "it is longer than any key");
        if (!DataUri.TryRead(address.OriginalString, out byte[] content, out string problem)) throw KeyFileError.NoKey(address, problem);
        try
        {
            Import(content);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ChallengeInfo> WriteChallengeAsync(ChallengeRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken) =>
        new(new ChallengeInfo { Kind = ChallengeKind.License });

    /// <inheritdoc/>
    public ValueTask<LicenseOutcome> AcceptAsync(LicenseAnswer answer, CancellationToken cancellationToken)
    {
        Span<byte> content = stackalloc byte[KeyFileLimits.AnswerBytes + 1];
        content = content[..(int)Math.Min(content.Length, answer.Body.Length)];
        try
        {
            answer.Body.Slice(0, content.Length).CopyTo(content);
            Import(content);
            return new(LicenseOutcome.Complete);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private void Import(ReadOnlySpan<byte> content)
    {
        if (KeyFileContent.WhyNoKey(content, address) is { } reason) throw reason;
        foreach (KeyId id in header.KeyIds) host.Import(id, content, Policy);
    }
}
