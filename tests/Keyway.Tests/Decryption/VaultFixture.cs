using Keyway.Licensing;

namespace Keyway.Decryption;

/// <summary>A vault with a clock and a watched memory, and short ways of asking it.</summary>
internal sealed class VaultFixture : IDisposable
{
    public static readonly KeyPolicy Export = new() { Output = new OutputRequirement { ClearExport = true } };

    public VaultFixture(Acceleration acceleration = Acceleration.Auto)
    {
        Vault = new ContentKeyVault(Clock, acceleration, Memory);
        Session = Join();
    }

    public FixedClock Clock { get; } = new();

    public RecordingKeyMemory Memory { get; } = new();

    public ContentKeyVault Vault { get; }

    public KeyRing Ring { get; } = new();

    public SessionId Session { get; }

    public SessionId Join()
    {
        SessionId session = SessionId.Create();
        Ring.Add(session);
        return session;
    }

    public SampleDecryptor Decryptor(OutputCapabilities? sink = null, long? pixels = null) => new(Vault, Ring, sink ?? OutputCapabilities.None, pixels);

    /// <summary>Decrypts a cenc sample of 40 bytes with key 1, and checks that it is right, or untouched.</summary>
    public static DecryptStatus Try(ISampleDecryptor decryptor, int id = 1, byte[]? key = null)
    {
        byte[] vector = Bytes.Random(16, 1);
        byte[] encrypted = Bytes.Random(40, 2);
        byte[] sample = [.. encrypted];
        SampleProtection protection = new() { Scheme = ProtectionScheme.Cenc, KeyId = Bytes.Id(id), InitializationVector = vector };
        DecryptStatus status = decryptor.Decrypt(sample, protection);
        byte[] expected = status == DecryptStatus.Decrypted
            ? StandardSchemes.Decrypt(key ?? Bytes.Key, ProtectionScheme.Cenc, vector, encrypted, [], 0, 0)
            : encrypted;
        sample.Should().Equal(expected);
        return status;
    }

    public void Dispose() => Vault.Dispose();
}
