using System.Buffers;
using System.Text;
using Keyway.Licensing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.ClearKey.Fakes;

/// <summary>What most tests begin with.</summary>
internal static class Given
{
    public static KeyId Key(string hex) => KeyId.TryParse(hex, out KeyId id) ? id : throw new ArgumentException(hex, nameof(hex));

    public static IConfigurationSection Settings(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Settings:{setting.Key}", (string?)setting.Value)))
        .Build()
        .GetSection("Settings");

    public static ClearKeySystem System(MemorySecrets? secrets = null, params (string Kid, string Secret)[] keys) => new(
        new ConfiguredKeys(
            ClearKeyOptions.Read(Settings([.. keys.Select(key => ($"Keys:{key.Kid}", "secret:" + key.Secret))])),
            secrets ?? new MemorySecrets()),
        NullLogger.Instance);

    public static LicenseAnswer Answer(string body) => Answer(Encoding.UTF8.GetBytes(body));

    public static LicenseAnswer Answer(byte[] body) => new() { Status = 200, ContentType = "application/json", Body = new ReadOnlySequence<byte>(body) };

    /// <summary>The same bytes in pieces of one length, as a network delivers them.</summary>
    public static ReadOnlySequence<byte> Pieces(ReadOnlyMemory<byte> bytes, int length)
    {
        Piece first = new(ReadOnlyMemory<byte>.Empty, null);
        Piece last = first;
        for (int at = 0; at < bytes.Length; at += length) last = new Piece(bytes.Slice(at, Math.Min(length, bytes.Length - at)), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            RunningIndex = before is null ? 0 : before.RunningIndex + before.Memory.Length;
            if (before is not null) before.Next = this;
        }
    }
}
