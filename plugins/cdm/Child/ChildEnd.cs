using System.Globalization;
using Keyway.Cdm.Wire;

namespace Keyway.Cdm.Child;

/// <summary>How a child ended.</summary>
/// <param name="Crashed"><see langword="false"/>: it was asked to.</param>
/// <param name="Stage">What it was in the middle of.</param>
/// <param name="Reason">What was seen, for people. No byte of a message or a licence.</param>
internal sealed record ChildEnd(bool Crashed, CdmStage Stage, string Reason)
{
    /// <summary>Whether it said itself that it could not go on.</summary>
    public bool GaveUp { get; init; }

    /// <summary>What it was in the middle of, for people.</summary>
    public string StageText => TextOf(Stage);

    /// <summary>A stage for people.</summary>
    public static string TextOf(CdmStage stage) => stage switch
    {
        CdmStage.Idle => "between two calls",
        CdmStage.Starting => "while its process was being started",
        CdmStage.Loading => "while its library was being loaded",
        CdmStage.Verifying => "in VerifyCdmHost",
        CdmStage.Sandboxing => "while the sandbox was being closed",
        CdmStage.InitializingModule => "in InitializeCdmModule",
        CdmStage.Creating => "in CreateCdmInstance",
        CdmStage.Initializing => "in Initialize",
        CdmStage.CreatingSession => "in CreateSessionAndGenerateRequest",
        CdmStage.LoadingSession => "in LoadSession",
        CdmStage.Updating => "in UpdateSession",
        CdmStage.ClosingSession => "in CloseSession",
        CdmStage.RemovingSession => "in RemoveSession",
        CdmStage.ServerCertificate => "in SetServerCertificate",
        CdmStage.PolicyStatus => "in GetStatusForPolicy",
        CdmStage.Timer => "in TimerExpired",
        CdmStage.Decrypting => "in Decrypt",
        CdmStage.FileAnswer => "in an answer to one of its files",
        CdmStage.Answering => "in an answer to one of its questions",
        CdmStage.Ending => "while it was being ended",
        _ => string.Create(CultureInfo.InvariantCulture, $"in a stage that nobody knows ({(uint)stage})"),
    };
}
