extern alias cdm;

using cdm::Keyway.Cdm;
using cdm::Keyway.Cdm.Child;
using cdm::Keyway.Cdm.Wire;
using Keyway.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keyway.Fuzz;

/// <summary>The parent of a CDM's process, and bytes in the place of the process. What is refused is answered by its one exception; anything else is a finding.</summary>
internal sealed class CdmChildOfNobody : IChildBatches, IChildSession
{
    public static CdmOptions Options { get; } = new() { Module = "/libnone.so", ModuleKeySystem = "com.widevine.alpha", Systems = [CdmConstants.Widevine], PersistentState = true };

    private readonly BatchTurn _turn = new(0);

    public static void Read(byte[] bytes)
    {
        CdmChildOfNobody parent = new();
        using ModuleFiles files = new(new ModuleStore(PluginContext.NoStorage, Options, NullLogger.Instance));
        ChildDialog dialog = new(parent, files, static (_, _) => { });
        FrameType[] answers = [FrameType.Loaded, FrameType.Initialized, FrameType.SessionResolved, FrameType.Resolved, FrameType.Resolved, FrameType.PolicyStatus, FrameType.Grown, FrameType.Pong];
        Task<ChildAnswer>[] calls = [.. answers.Select(answer => dialog.Open(answer, CdmStage.Updating).Answer)];
        dialog.TryClaim("1"u8, parent);
        try
        {
            FrameStream frames = new(new MemoryStream(bytes));
            while (frames.TryRead(out FrameHead head, out ReadOnlySpan<byte> fields)) dialog.Handle(head, fields);
        }
        catch (ChildProtocolException)
        {
            // What it is for.
        }

        dialog.End(dialog.Fatal ?? new ChildEnd(Crashed: true, CdmStage.Idle, "over"));
        if (dialog.OpenCalls != 0 || dialog.KnownSessions != 0 || !calls.All(static call => call.IsCompleted)) throw new InvalidOperationException("somebody waits for a child that is gone");
    }

    public bool TryAnswer(uint id, CdmStatus status, uint done, ulong nanoseconds) => _turn.TryAnswer(id, new BatchAnswer(status, done, nanoseconds), out _);

    public void OnMessage(CdmMessageType type, ReadOnlySpan<byte> message)
    {
    }

    public void OnKeys(IReadOnlyList<ChildKey> keys) => ArgumentOutOfRangeException.ThrowIfGreaterThan(keys.Count, WireLimits.Keys);

    public void OnExpiration(double seconds)
    {
    }

    public void OnClosed()
    {
    }

    public void OnLost(ChildEnd end)
    {
    }
}
