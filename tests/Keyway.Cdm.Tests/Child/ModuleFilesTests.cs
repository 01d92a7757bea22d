using System.Buffers;
using System.Collections.Concurrent;
using Keyway.Cdm.Wire;
using Keyway.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Cdm.Child;

/// <summary>What a module keeps: under names that tell nothing, for one entry alone, or not at all.</summary>
public sealed class ModuleFilesTests
{
    [Fact]
    public void Calls_that_may_not_come_are_refused()
    {
        using ModuleFiles files = Make(isAllowed: true);
        Handle(files, FrameType.FileRead, 1).Should().BeFalse("it was not opened");
        Handle(files, FrameType.FileOpen, 1, Text("index")).Should().BeTrue();
        Handle(files, FrameType.FileOpen, 1, Text("index")).Should().BeFalse("its number is taken");
        Handle(files, FrameType.FileOpen, 0, Text("index")).Should().BeFalse("0 is no file");
        Handle(files, FrameType.FileOpen, 2, [9, 0, 0, 0]).Should().BeFalse("it is not whole");
        Handle(files, FrameType.FileClose, 1).Should().BeTrue();
        Handle(files, FrameType.FileClose, 1).Should().BeFalse();
        for (uint id = 10; id < 10 + WireLimits.Files; id++) Handle(files, FrameType.FileOpen, id, Text($"f{id}")).Should().BeTrue();
        Handle(files, FrameType.FileOpen, 999, Text("one")).Should().BeFalse("there are too many");
        files.Count.Should().Be(WireLimits.Files);
    }

    [Fact]
    public async Task What_is_kept_tells_neither_name_nor_module_and_is_another_for_another_entry()
    {
        Kept storage = new();
        ModuleStore store = new(storage, LyingModule.Options with { Name = "a", PersistentState = true }, NullLogger.Instance);
        ModuleStore other = new(storage, LyingModule.Options with { Name = "b", PersistentState = true }, NullLogger.Instance);
        await store.WriteAsync("index", new byte[] { 1, 2, 3 }, CancellationToken.None);
        storage.Values.Keys.Should().ContainSingle().Which.Should().NotContain("index").And.MatchRegex("^[0-9a-f]{16}[.][0-9a-f]{32}$");
        (await other.ReadAsync("index", CancellationToken.None)).Should().BeNull();
        using (IMemoryOwner<byte>? read = await store.ReadAsync("index", CancellationToken.None)) read!.Memory.ToArray().Should().Equal(1, 2, 3);
        await store.WriteAsync("index", default, CancellationToken.None);
        storage.Values.Should().BeEmpty("nothing is no file");
    }

    private static ModuleFiles Make(bool isAllowed) => new(new ModuleStore(new Kept(), LyingModule.Options with { PersistentState = isAllowed }, NullLogger.Instance));

    private static bool Handle(ModuleFiles files, FrameType type, uint id, byte[]? fields = null) => files.TryHandle(new FrameHead(type, id, fields?.Length ?? 0), fields);

    private static byte[] Text(string text) => [(byte)text.Length, 0, 0, 0, .. System.Text.Encoding.UTF8.GetBytes(text)];

    private sealed class Kept : IPluginStorage
    {
        public ConcurrentDictionary<string, byte[]> Values { get; } = new();

        public ValueTask<IMemoryOwner<byte>?> ReadAsync(string name, CancellationToken cancellationToken) =>
            new(Values.TryGetValue(name, out byte[]? value) ? new Owner(value) : null);

        public ValueTask WriteAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            Values[name] = content.ToArray();
            return ValueTask.CompletedTask;
        }

        public ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken) => new(Values.TryRemove(name, out _));
    }

    private sealed class Owner(byte[] value) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory => value;

        public void Dispose()
        {
        }
    }
}
