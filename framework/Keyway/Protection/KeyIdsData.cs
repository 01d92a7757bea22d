using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>Initialisation data of kind <c>keyids</c> (W3C EME Initialization Data Format Registry): <c>{"kids":["base64url", …]}</c>.</summary>
internal static class KeyIdsData
{
    /// <summary>Makes it.</summary>
    /// <param name="system">The system that it is for.</param>
    /// <param name="ids">The keys.</param>
    /// <returns>The initialisation data.</returns>
    public static InitializationData Create(SystemId system, IReadOnlyList<KeyId> ids)
    {
        ArrayBufferWriter<byte> buffer = new();
        Span<byte> bytes = stackalloc byte[KeyId.Size];
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteStartArray("kids");
            foreach (KeyId id in ids)
            {
                id.Write(bytes);
                json.WriteStringValue(Base64Url.EncodeToString(bytes));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new InitializationData { Kind = InitializationDataKind.KeyIds, System = system, Payload = buffer.WrittenMemory.ToArray(), BoxKeyIds = [.. ids] };
    }
}
