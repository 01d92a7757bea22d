using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>The way to the child.</summary>
internal interface IChildLine
{
    /// <summary>A new number for a frame.</summary>
    uint NextId();

    /// <summary>Sends a frame.</summary>
    /// <exception cref="IOException">The child is gone, or does not read.</exception>
    void Send(ReadOnlyMemory<byte> frame);

    /// <summary>Calls the child.</summary>
    /// <param name="call">Which call.</param>
    /// <param name="answer">The answer that belongs to it.</param>
    /// <param name="stage">What the child is in the middle of meanwhile.</param>
    /// <param name="write">Writes its fields.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The answer, or <see cref="FrameType.Rejected"/>. Ownership: the caller's.</returns>
    /// <exception cref="ChildLostException">The child is gone.</exception>
    /// <exception cref="TimeoutException">It has not answered.</exception>
    Task<ChildAnswer> CallAsync(FrameType call, FrameType answer, CdmStage stage, Action<FrameWriter> write, CancellationToken cancellationToken);

    /// <summary>Ends a child that cannot be written to.</summary>
    void Broken();

    /// <summary>Ends the child.</summary>
    /// <param name="reason">What was seen.</param>
    /// <returns>How it ended.</returns>
    ChildEnd Kill(string reason);
}
