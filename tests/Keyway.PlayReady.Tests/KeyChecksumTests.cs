using System.Text.Json.Nodes;

namespace Keyway.PlayReady;

public sealed class KeyChecksumTests
{
    [Theory]
    [InlineData("8ba94ade-6eb9-449d-b44f-a5beefaf43b0", "dbfd6922c321c4bb486f4a1c44097ed6", "Me48z71nuqY=")]
    [InlineData("6f651ae1-dbe4-4434-bcb4-690d1564c41c", "88da852ae4fa2e1e36aeb2d5c94997b1", "KLj3QzQP/NA=")]
    public void Key_and_identifier_make_the_published_checksum(string id, string key, string checksum)
    {
        KeyId parsed = SharedVectors.Id(id);
        Convert.ToBase64String(KeyChecksum.Make(Convert.FromHexString(key), parsed)).Should().Be(checksum);
        KeyChecksum.Fits(Convert.FromBase64String(checksum), Convert.FromHexString(key), parsed).Should().BeTrue();
        KeyChecksum.Fits(Convert.FromBase64String(checksum), new byte[16], parsed).Should().BeFalse();
    }

    [Fact]
    public void Every_public_vector_agrees()
    {
        foreach (JsonNode? vector in SharedVectors.Public["checksum"]!.AsArray())
        {
            KeyId id = SharedVectors.Id(vector.Text("kid_guid"));
            KeyIdOrder.ToBase64(id).Should().Be(vector.Text("kid_b64_le"));
            Convert.ToBase64String(KeyChecksum.Make(vector.Hex("content_key_hex"), id)).Should().Be(vector.Text("checksum_b64"));
        }
    }
}
