using CsCheck;

namespace Keyway.PlayReady;

public sealed class KeyIdOrderTests
{
    [Fact]
    public void Published_example_is_swapped_as_a_guid()
    {
        // Microsoft, "PlayReady Header Specification": f81d4fae-… is stored as rk8d+Ox90BGnZQCgyR5r9g==.
        KeyId id = SharedVectors.Id("f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
        KeyIdOrder.ToBase64(id).Should().Be("rk8d+Ox90BGnZQCgyR5r9g==");
        KeyIdOrder.Read(Convert.FromBase64String("rk8d+Ox90BGnZQCgyR5r9g==")).Should().Be(id);
    }

    [Fact]
    public void Write_undoes_read() => Gen.Byte.Array[16].Sample(bytes =>
    {
        byte[] back = new byte[16];
        KeyIdOrder.Write(KeyIdOrder.Read(bytes), back);
        return back.AsSpan().SequenceEqual(bytes);
    });
}
