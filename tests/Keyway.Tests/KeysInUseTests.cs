namespace Keyway;

/// <summary>Which keys are over.</summary>
public sealed class KeysInUseTests
{
    private static readonly KeyId A = new(1), B = new(2), C = new(3), D = new(4);
    private readonly KeysInUse _inUse = new();
    private readonly object _video = new(), _audio = new();

    [Fact]
    public void The_key_before_the_last_is_over()
    {
        _inUse.Note(_video, [A]).Should().BeEmpty();
        _inUse.Note(_video, [A]).Should().BeEmpty();
        _inUse.Note(_video, [B]).Should().BeEmpty("fragments of both may take turns");
        _inUse.Note(_video, [A]).Should().BeEmpty();
        _inUse.Note(_video, [B]).Should().BeEmpty();
        _inUse.Note(_video, [C]).Should().Equal(A);
        _inUse.Note(_video, [D]).Should().Equal(B);
    }

    [Fact]
    public void What_is_kept_and_what_is_over_is_known()
    {
        _inUse.Note(_video, [A]);
        _inUse.Note(_video, [B]);
        _inUse.Note(_video, [C]);
        _inUse.Note(_audio, [D]);

        _inUse.Kept.Should().BeEquivalentTo([B, C, D]);
        _inUse.IsOver(A).Should().BeTrue();
        _inUse.IsOver(B).Should().BeFalse();
    }

    [Fact]
    public void A_key_that_another_reader_keeps_is_not_over()
    {
        _inUse.Note(_video, [A]);
        _inUse.Note(_audio, [A]);
        _inUse.Note(_video, [B]);
        _inUse.Note(_video, [C]).Should().BeEmpty("the sound is behind");
        _inUse.Note(_audio, [B]);
        _inUse.Note(_audio, [C]).Should().Equal(A);
    }

    [Fact]
    public void A_fragment_of_several_keys_keeps_them_together()
    {
        _inUse.Note(_video, [A, B]);
        _inUse.Note(_video, [A]).Should().BeEmpty();
        _inUse.Note(_video, [C]);
        _inUse.Note(_video, [D]).Should().BeEquivalentTo([A, B]);
    }

    [Fact]
    public void Content_that_comes_back_to_a_key_keeps_more_from_then_on()
    {
        _inUse.Note(_video, [A]);
        _inUse.Note(_video, [B]);
        _inUse.Note(_video, [C]).Should().Equal(A);
        _inUse.Note(_video, [A]).Should().BeEmpty();
        _inUse.Note(_video, [B]).Should().BeEmpty();
        _inUse.Note(_video, [C]).Should().BeEmpty("three keys take turns");
    }

    [Fact]
    public void Who_leaves_needs_nothing()
    {
        _inUse.Note(_video, [A]);
        _inUse.Note(_audio, [B]);
        _inUse.Leave([_audio]).Should().Equal(B);
        _inUse.Leave([_video]).Should().BeEmpty("with the last reader the presentation ends");
    }
}
