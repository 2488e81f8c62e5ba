namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>
/// A linear fit with the least sum of absolute relative errors, by least squares with weights: one line that is quite
/// different (a hidden prompt, a provider's mistake) does not move it. Deterministic.
/// </summary>
internal static class LeastAbsolute
{
    private const int Rounds = 200;
    private const double SmallestError = 0.3;

    /// <summary>The coefficients of the columns of <paramref name="rows"/> that come nearest to
    /// <paramref name="targets"/>, each error taken relative to its <paramref name="scales"/>.</summary>
    public static double[] Fit(IReadOnlyList<double[]> rows, IReadOnlyList<double> targets, IReadOnlyList<double> scales)
    {
        int columns = rows[0].Length;
        double[] coefficients = new double[columns];
        double[] errors = [.. targets.Select(_ => 1.0)];
        for (int round = 0; round < Rounds; round++)
        {
            double[,] system = new double[columns, columns + 1];
            for (int i = 0; i < rows.Count; i++)
            {
                double weight = 1 / (scales[i] * Math.Max(Math.Abs(errors[i]), SmallestError));
                for (int j = 0; j < columns; j++)
                {
                    system[j, columns] += weight * rows[i][j] * targets[i];
                    for (int k = 0; k < columns; k++)
                    {
                        system[j, k] += weight * rows[i][j] * rows[i][k];
                    }
                }
            }

            coefficients = Solve(system, columns);
            for (int i = 0; i < rows.Count; i++)
            {
                errors[i] = targets[i] - rows[i].Zip(coefficients, (value, coefficient) => value * coefficient).Sum();
            }
        }

        return coefficients;
    }

    // Gauss, with a little on the diagonal: a column that is all zeros gets 0.
    private static double[] Solve(double[,] system, int size)
    {
        for (int i = 0; i < size; i++)
        {
            system[i, i] += 1e-9;
        }

        for (int pivot = 0; pivot < size; pivot++)
        {
            for (int row = 0; row < size; row++)
            {
                double factor = row == pivot ? 0 : system[row, pivot] / system[pivot, pivot];
                for (int column = pivot; column <= size; column++)
                {
                    system[row, column] -= factor * system[pivot, column];
                }
            }
        }

        return [.. Enumerable.Range(0, size).Select(i => system[i, size] / system[i, i])];
    }
}
