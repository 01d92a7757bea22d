using System.Buffers;
using System.Security.Cryptography;
using Keyway.Licensing;

namespace Keyway.Testing;

/// <summary>
/// A small key system that keeps every promise, but for the one that its flaw breaks. A header is a length and so many key identifiers; a challenge is 16 random bytes; a licence is the
/// challenge, an identifier and a key for each key, and an HMAC over both.
/// </summary>
internal sealed class FlawedKeySystem(Flaw flaw) : IKeySystem
{
    public const int Nonce = 16, Mac = 32, Entry = 32;
    public static readonly SystemId System = new(new Guid("f1a3ed00-0000-4000-8000-000000000001"));
    public static readonly byte[] Credential = SHA256.HashData("the device's credential"u8);
    public static readonly Dictionary<KeyId, ReadOnlyMemory<byte>> Keys = new()
    {
        [new KeyId(0x0102030405060708)] = SHA256.HashData("the first key"u8).AsMemory(0, 16),
        [new KeyId(0x1112131415161718)] = SHA256.HashData("the second key"u8).AsMemory(0, 16),
    };

    private ReadOnlyMemory<byte> _reading;
    private int _descriptors;
    private bool _isOver;

    public Flaw Flaw => flaw;

    public byte[]? SharedNonce { get; set; }

    public KeySystemDescriptor Descriptor => new() { Name = flaw == Flaw.DescriptorChanges && _descriptors++ > 0 ? "other" : "flawed", Systems = [System] };

    public static KeySystemUnderTest UnderTest(Flaw flaw) => new()
    {
        Create = () => new FlawedKeySystem(flaw),
        Headers = [Header([.. Keys.Keys]), Header(Keys.Keys.First())],
        Keys = Keys,
        Answer = static challenge => new LicenseAnswer { Status = 200, Body = new ReadOnlySequence<byte>(Issue(challenge.Span)) },
        AnswersAreBound = true,
        Secrets = [Credential],
    };

    public static byte[] Issue(ReadOnlySpan<byte> challenge)
    {
        List<byte> license = [.. challenge[..Nonce]];
        foreach ((KeyId id, ReadOnlyMemory<byte> key) in Keys)
        {
            byte[] bytes = new byte[16];
            id.Write(bytes);
            license.AddRange([.. bytes, .. key.Span]);
        }

        return [.. license, .. HMACSHA256.HashData(Credential, license.ToArray())];
    }

    public ProtectionHeader ParseHeader(InitializationData data)
    {
        if (data.System != System) throw flaw == Flaw.ForeignHeaderThrows ? new ArgumentException("not mine") : new ProtectionHeaderException(data.System, "another system");
        _reading = data.Payload;
        if (flaw == Flaw.HeaderOfOneThread) Thread.Sleep(1);
        ReadOnlySpan<byte> bytes = flaw == Flaw.HeaderOfOneThread ? _reading.Span : data.Payload.Span;
        if (flaw == Flaw.HeaderCosts && bytes.Length > 100_000) GC.KeepAlive(new byte[100 << 20]);
        if (flaw == Flaw.HeaderOverruns && bytes.Length > 0 && bytes[0] * 16 > bytes.Length - 1) _ = bytes[bytes[0] * 16];
        List<KeyId> ids = [];
        if (data.Kind == InitializationDataKind.Pssh)
        {
            if (bytes.IsEmpty || bytes.Length != 1 + (16 * bytes[0])) throw new ProtectionHeaderException(System, "its length is not what its first byte says");
            for (int i = 1; i < bytes.Length; i += 16)
                if (KeyId.TryRead(bytes.Slice(i, 16), out KeyId id) && !ids.Contains(id)) ids.Add(id);
        }

        return new ProtectionHeader { System = System, Data = flaw == Flaw.HeaderLosesBytes ? data.Payload[1..] : data.Payload, KeyIds = ids };
    }

    public ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested && flaw == Flaw.CancelledStartThrows) throw new InvalidOperationException("cancelled");
        cancellationToken.ThrowIfCancellationRequested();
        return default;
    }

    public ValueTask<ILicenseSession> OpenSessionAsync(SessionRequest request, ISessionHost host, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isOver || Over, this);
        if (flaw == Flaw.OpeningThrows) GC.KeepAlive(request.Headers[0].KeyIds[0]);
        return new(new FlawedSession(this, request, host));
    }

    public ValueTask DisposeAsync()
    {
        if (flaw == Flaw.DisposalEndsOthers) Over = true;
        ObjectDisposedException.ThrowIf(_isOver && flaw == Flaw.DisposedTwiceThrows, this);
        _isOver = true;
        return default;
    }

    /// <summary>A static of the key system, as a careless author has one; of one flow of a test here, so that tests beside it do not see it.</summary>
    private static bool Over
    {
        get => Shared.Value?.IsOver == true;
        set => (Shared.Value ?? throw new InvalidOperationException("a test sets it up")).IsOver = value;
    }

    public static AsyncLocal<Static?> Shared { get; } = new();

    private static InitializationData Header(params KeyId[] ids)
    {
        byte[] header = new byte[1 + (16 * ids.Length)];
        header[0] = (byte)ids.Length;
        for (int i = 0; i < ids.Length; i++) ids[i].Write(header.AsSpan(1 + (16 * i)));
        return new InitializationData { Kind = InitializationDataKind.Pssh, System = System, Payload = header };
    }

    public sealed class Static
    {
        public bool IsOver { get; set; }
    }
}
