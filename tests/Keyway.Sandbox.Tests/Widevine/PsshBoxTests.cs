using CsCheck;

namespace Keyway.Sandbox.Widevine;

public sealed class PsshBoxTests
{
    private const string SystemId = "edef8ba979d64acea3c827dcd51d21ed";

    [Theory]
    [InlineData("00000020")]   // ends within the header
    [InlineData("00000007 70737368")]   // shorter than its header
    [InlineData("00000021 70737368 00000000 " + SystemId + " 00000000")]   // longer than the data
    [InlineData("0000001f 70737368 00000000 " + SystemId + " 000000")]   // no data size
    [InlineData("00000020 70737368 00000000 " + SystemId + " 00000001")]   // data longer than the box
    [InlineData("00000020 70737368 02000000 " + SystemId + " 00000000")]   // version 2
    [InlineData("00000024 70737368 01000000 " + SystemId + " ffffffff 00000000")]   // counts what is not there
    [InlineData("00000001 70737368 ffffffffffffffff 00000000 " + SystemId + " 00000000")]
    [InlineData("00000001 70737368 00000000")]
    public void Box_that_contradicts_itself_is_refused(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        bytes.Invoking(data => PsshBox.ReadAll(data)).Should().Throw<FormatException>();
    }

    [Fact]
    public void Boxes_are_read_as_they_were_written()
    {
        Gen<PsshBox> boxes =
            from version in Gen.Int[0, 1]
            from kids in Gen.Byte.Array[16].Array[0, 3]
            from data in Gen.Byte.Array[0, 40]
            select new PsshBox(version, version == 0 ? [] : [.. kids.Select(Convert.ToHexStringLower)], data);
        boxes.Array[0, 4].Sample(written => PsshBox.ReadAll([.. written.SelectMany(box => box.ToBytes())]).Should().BeEquivalentTo(written), iter: 200);
    }

    [Fact]
    public void Any_bytes_are_read_or_refused()
    {
        Gen.Byte.Array[0, 80].Sample(
            bytes =>
            {
                try
                {
                    PsshBox.ReadAll(bytes);
                }
                catch (FormatException)
                {
                }
            },
            iter: 2000);
    }
}
