namespace Keyway.Fleet.Watching;

/// <summary>A request was not sent, because it would have been more than the fleet may ask.</summary>
internal sealed class OverBudgetException() : Exception("more than the fleet may ask");
