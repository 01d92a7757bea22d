using System.Text.Json.Nodes;

namespace Keyway.PlayReady;

public sealed class KeySeedTests
{
    // Microsoft's public test seed, and the keys that Azure's and others' tests print for it.
    private const string TestSeed = "XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I";

    [Theory]
    [InlineData("339c45b5-fb6d-4bd9-994c-eabd9d41c95b", "a537cdc0ca65841406d525e7bf22d754")]
    [InlineData("8ba94ade-6eb9-449d-b44f-a5beefaf43b0", "dbfd6922c321c4bb486f4a1c44097ed6")]
    [InlineData("6f651ae1-dbe4-4434-bcb4-690d1564c41c", "88da852ae4fa2e1e36aeb2d5c94997b1")]
    public void Seed_gives_the_published_keys(string id, string key) => Derive(Convert.FromBase64String(TestSeed), id).Should().Be(key);

    [Fact]
    public void Seed_beyond_thirty_bytes_is_cut() =>
        Derive([.. Convert.FromBase64String(TestSeed), 1, 2, 3], "339c45b5-fb6d-4bd9-994c-eabd9d41c95b").Should().Be("a537cdc0ca65841406d525e7bf22d754");

    [Fact]
    public void Seed_below_thirty_bytes_is_refused()
    {
        Action derive = () => KeySeed.Derive(new byte[29], default, new byte[16]);
        derive.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Every_public_vector_agrees()
    {
        foreach (JsonNode? vector in SharedVectors.Public["key_seed"]!.AsArray())
            Derive(vector.Base64("seed_b64"), vector.Text("kid_guid")).Should().Be(vector.Text("content_key_hex"));
    }

    private static string Derive(byte[] seed, string id)
    {
        byte[] key = new byte[16];
        KeySeed.Derive(seed, SharedVectors.Id(id), key);
        return Convert.ToHexStringLower(key);
    }
}
