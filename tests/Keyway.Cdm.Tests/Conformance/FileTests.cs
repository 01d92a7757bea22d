using System.Text;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Conformance;

/// <summary>Files of the module: the parent keeps them, the child answers nothing inside a call and nothing after the end.</summary>
public sealed class FileTests
{
    [Fact]
    public async Task File_is_opened_read_written_and_closed_by_the_parent()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on CreateSession open index.1; note later; session", "on Opened read", "on Read write content", "on Written close; note closed");
        await child.CreateSessionAsync();
        SentFrame open = await child.NextAsync(FrameType.FileOpen);
        SlotTests.Read(open, static (ref FrameReader fields) => fields.Text()).Should().Be("index.1");
        Answer(child, open.Id, FileCall.Open, 0);
        (await child.NextAsync(FrameType.FileRead)).Should().BeEquivalentTo(new SentFrame(FrameType.FileRead, open.Id, []));
        Answer(child, open.Id, FileCall.Read, 0, "what was there");
        SentFrame write = await child.NextAsync(FrameType.FileWrite);
        write.Id.Should().Be(open.Id);
        SlotTests.Read(write, static (ref FrameReader fields) => fields.Text()).Should().Be("content");
        Answer(child, open.Id, FileCall.Write, 0);
        (await child.NextAsync(FrameType.FileClose)).Id.Should().Be(open.Id);

        // An answer that comes too late is nobody's.
        Answer(child, open.Id, FileCall.Read, 0, "late");
        (await child.CallAsync(FrameType.Ping)).Type.Should().Be(FrameType.Pong);
        child.Log.Where(line => line.StartsWith("file", StringComparison.Ordinal) || line is "later" or "closed").Should()
            .Equal("file < 0", "later", "file > 0 0", "file < 1", "file > 1 0 what was there", "file < 2", "file > 2 0", "file < 3", "closed");
        (await child.QuestionsAsync()).Should().BeEmpty();
    }

    [Theory]
    [InlineData("open")]
    [InlineData("open _hidden")]
    [InlineData("open a/b")]
    [InlineData("open a\\b")]
    [InlineData("open a b")]
    [InlineData("open é")]
    [InlineData("open-of 257")]
    [InlineData("open-of 100000")]
    public async Task Name_that_is_none_is_refused_later_and_told(string open)
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync($"on CreateSession {open}; note later; session", "on Opened close");
        await child.CreateSessionAsync();
        await Testing.Eventually.Is(() => child.Log.Contains("file < 3"));
        child.Log.Where(line => line.StartsWith("file", StringComparison.Ordinal) || line is "later" or "a file").Should().Equal("a file", "file < 0", "later", "file > 0 2", "file < 3");
        (await child.RestAsync(FrameType.FileOpen)).Should().BeEmpty();
        (await child.RestAsync(FrameType.FileClose)).Should().BeEmpty();
        (await child.QuestionsAsync()).Should().Equal((CdmQuestion.File, 0UL));
    }

    [Fact]
    public async Task File_that_the_parent_refuses_is_an_error_that_the_module_lives_with()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on CreateSession open index; session", "on Opened read; write x", "on Read note read", "on Written close");
        await child.CreateSessionAsync();
        SentFrame open = await child.NextAsync(FrameType.FileOpen);
        Answer(child, open.Id, FileCall.Open, 2);
        await Testing.Eventually.Is(() => child.Log.Contains("file < 3"));
        child.Log.Where(line => line.StartsWith("file", StringComparison.Ordinal)).Should().Equal("file < 0", "file > 0 2", "file < 1", "file < 2", "file > 1 2", "file > 2 2", "file < 3");
        (await child.RestAsync(FrameType.FileRead)).Should().BeEmpty();
    }

    [Fact]
    public async Task Two_things_at_once_of_one_file_are_in_use_and_content_that_is_too_large_an_error()
    {
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync("on CreateSession open index; session", "on Opened write-of 524289; read; read", "on Read note read", "on Written note written");
        await child.CreateSessionAsync();
        SentFrame open = await child.NextAsync(FrameType.FileOpen);
        Answer(child, open.Id, FileCall.Open, 0);
        (await child.NextAsync(FrameType.FileRead)).Id.Should().Be(open.Id);
        await Testing.Eventually.Is(() => child.Log.Contains("read"));
        child.Log.Where(line => line.StartsWith("file >", StringComparison.Ordinal)).Should().Equal("file > 0 0", "file > 2 2", "file > 1 1");
        Answer(child, open.Id, FileCall.Read, 0, "once");
        await Testing.Eventually.Is(() => child.Log.Contains("file > 1 0 once"));
        (await child.IrregularitiesAsync()).Should().Equal(CdmIrregularity.TooMuch, CdmIrregularity.File);
    }

    [Fact]
    public async Task More_files_than_may_be_open_are_refused_and_a_closed_one_makes_room()
    {
        string all = string.Join("; ", Enumerable.Range(0, 65).Select(number => $"open f{number}"));
        await using ChildUnderTest child = await ChildUnderTest.InitializedFakeAsync($"on CreateSession {all}; session", "on Opened close");
        await child.CreateSessionAsync();
        await Testing.Eventually.Is(() => child.Log.Contains("file > 0 2"));
        SentFrame[] opened = await child.RestAsync(FrameType.FileOpen);
        opened.Select(frame => frame.Id).Should().HaveCount(64).And.OnlyHaveUniqueItems();
        Answer(child, opened[0].Id, FileCall.Open, 0);
        (await child.NextAsync(FrameType.FileClose)).Id.Should().Be(opened[0].Id);
        (await child.CallAsync(FrameType.CreateSession, frame =>
        {
            frame.U32(0);
            frame.U32(0);
            frame.Bytes([]);
        })).Type.Should().Be(FrameType.SessionResolved);
        (await child.RestAsync(FrameType.FileOpen)).Should().ContainSingle().Which.Id.Should().NotBe(opened[0].Id, "a number is used once");
    }

    private static void Answer(ChildUnderTest child, uint id, FileCall call, uint status, string content = "") => child.Send(FrameType.FileAnswer, id, frame =>
    {
        frame.U8((byte)call);
        frame.U32(status);
        frame.Bytes(Encoding.UTF8.GetBytes(content));
    });
}
