using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Host;

/// <summary>Frames to the parent.</summary>
/// <remarks>Threads: the dispatcher's. A parent that does not read stops it, which its watch ends.</remarks>
/// <param name="pipe">The pipe.</param>
internal sealed class Outlet(Stream pipe)
{
    private readonly FrameWriter _writer = new();
    private readonly Dictionary<(CdmQuestion, CdmIrregularity), int> _told = [];

    /// <summary>Begins a frame.</summary>
    public FrameWriter Begin(FrameType type, uint id)
    {
        _writer.Begin(type, id);
        return _writer;
    }

    /// <summary>Sends the frame that was begun. Where nobody reads any more the process ends.</summary>
    public void Send()
    {
        try
        {
            pipe.Write(_writer.End().Span);
            _writer.Clear();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            HostExit.Now(HostExit.Ended);
        }
    }

    /// <summary>Sends a frame without fields.</summary>
    public void Send(FrameType type, uint id)
    {
        Begin(type, id);
        Send();
    }

    /// <summary>Answers a call with a failure.</summary>
    public void Reject(uint id, CdmException exception, uint systemCode, string text)
    {
        FrameWriter frame = Begin(FrameType.Rejected, id);
        frame.U32((uint)exception);
        frame.U32(systemCode);
        frame.Text(text);
        Send();
    }

    /// <summary>Tells what the module asked, a few times for each question: modules ask some of them as long as they live.</summary>
    public void Asked(CdmQuestion question, ulong detail)
    {
        if (!IsNews(question, default)) return;
        FrameWriter frame = Begin(FrameType.Asked, 0);
        frame.U32((uint)question);
        frame.U64(detail);
        Send();
    }

    /// <summary>Tells that the module broke a rule, a few times for each.</summary>
    public void Irregular(CdmIrregularity what)
    {
        if (!IsNews(CdmQuestion.Irregular, what)) return;
        FrameWriter frame = Begin(FrameType.Asked, 0);
        frame.U32((uint)CdmQuestion.Irregular);
        frame.U64((ulong)what);
        Send();
    }

    /// <summary>Tells why it ends, and ends.</summary>
    public void Fatal(CdmStage stage, string text)
    {
        FrameWriter frame = Begin(FrameType.Fatal, 0);
        frame.U32((uint)stage);
        frame.Text(text);
        Send();
        HostExit.Now(HostExit.Broken);
    }

    private bool IsNews(CdmQuestion question, CdmIrregularity what)
    {
        int told = _told.GetValueOrDefault((question, what));
        if (told >= HostLimits.Told) return false;
        _told[(question, what)] = told + 1;
        return true;
    }
}
