namespace StreamUsage.PassThrough;

/// <summary>Observes tasks that may have lost their last awaiter. The process would otherwise report their exceptions
/// as unobserved (<see cref="TaskScheduler.UnobservedTaskException"/>).</summary>
internal static class AbandonedTask
{
    public static void Observe(Task task) => _ = task.ContinueWith(
        static completed => completed.Exception,
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
