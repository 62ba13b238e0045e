/*
 * Numerical programs for one type: REAL, ROOT (its square root), SHOW (prints its bits), NAME(x) (a name of its own).
 * Every value goes through memory or an assignment, which round to the type; what lies between is evaluated as the unit
 * does it. Iterations that amplify are there on purpose: one wrong last bit anywhere changes all that follows.
 */

#define SUM(value)                                                                                                       \
  do {                                                                                                                   \
    REAL summed_ = (value);                                                                                              \
    sum(&summed_, 0, &summed_, REAL_BYTES);                                                                              \
  } while (0)

/* In (-1, 1), the same numbers in every type. */
static REAL NAME(random)(void) { return (REAL)((s32)random_word() >> 8) / 8388608; }

static void NAME(mandelbrot)(void) {
  static const char SHADES[] = " .:-=+*#%@";
  char row[65];
  sum_begin();
  for (int y = 0; y < 24; y++) {
    for (int x = 0; x < 64; x++) {
      REAL cr = (REAL)x / 24 - 2, ci = (REAL)(2 * y - 23) / 20, zr = 0, zi = 0;
      u32 count = 0;
      for (; count < 100; count++) {
        REAL rr = zr * zr, ii = zi * zi;
        if (rr + ii > 4) break;
        zi = 2 * zr * zi + ci;
        zr = rr - ii + cr;
      }
      sum(0, 0, &count, 4);
      SUM(zr);
      SUM(zi);
      row[x] = count == 100 ? '@' : SHADES[count % 9];
    }
    row[64] = 0;
    if ((y & 3) == 0) say("|", row);
  }
  sum_end("mandelbrot");
}

static void NAME(bodies)(void) {
  enum { N = 5 };
  /* mass, place, velocity: of no solar system */
  REAL mass[N], at[N][3], speed[N][3];
  random_seed(77);
  for (int i = 0; i < N; i++) {
    mass[i] = i == 0 ? 40 : (NAME(random)() + 2) / 50;
    for (int k = 0; k < 3; k++) {
      at[i][k] = i == 0 ? 0 : NAME(random)() * 4 + (i + k) % 3 * 3;
      speed[i][k] = i == 0 ? 0 : NAME(random)() * 2;
    }
  }
  for (int step = 0; step <= 300; step++) {
    if (step % 100 == 0) {
      REAL energy = 0;
      for (int i = 0; i < N; i++) {
        energy += mass[i] * (speed[i][0] * speed[i][0] + speed[i][1] * speed[i][1] + speed[i][2] * speed[i][2]) / 2;
        for (int j = i + 1; j < N; j++) {
          REAL x = at[i][0] - at[j][0], y = at[i][1] - at[j][1], z = at[i][2] - at[j][2];
          energy -= mass[i] * mass[j] / ROOT(x * x + y * y + z * z);
        }
      }
      SHOW("energy", energy);
    }
    for (int i = 0; i < N; i++)
      for (int j = i + 1; j < N; j++) {
        REAL x = at[i][0] - at[j][0], y = at[i][1] - at[j][1], z = at[i][2] - at[j][2];
        REAL square = x * x + y * y + z * z;
        REAL pull = (REAL)1 / 128 / (square * ROOT(square));
        REAL from[3] = {x, y, z};
        for (int k = 0; k < 3; k++) {
          speed[i][k] -= from[k] * mass[j] * pull;
          speed[j][k] += from[k] * mass[i] * pull;
        }
      }
    for (int i = 0; i < N; i++)
      for (int k = 0; k < 3; k++) at[i][k] += speed[i][k] / 128;
  }
  sum_begin();
  for (int i = 0; i < N; i++)
    for (int k = 0; k < 3; k++) {
      SUM(at[i][k]);
      SUM(speed[i][k]);
    }
  sum_end("bodies");
}

static void NAME(spectral_norm)(void) {
  enum { N = 24 };
  REAL u[N], v[N], w[N];
  for (int i = 0; i < N; i++) u[i] = 1;
  for (int round = 0; round < 16; round++) {
    for (int i = 0; i < N; i++) {
      REAL total = 0;
      for (int j = 0; j < N; j++) total += u[j] / ((i + j) * (i + j + 1) / 2 + i + 1);
      w[i] = total;
    }
    for (int i = 0; i < N; i++) {
      REAL total = 0;
      for (int j = 0; j < N; j++) total += w[j] / ((i + j) * (i + j + 1) / 2 + j + 1);
      v[i] = total;
    }
    if (round < 15)
      for (int i = 0; i < N; i++) u[i] = v[i] / v[0];
  }
  REAL top = 0, bottom = 0;
  for (int i = 0; i < N; i++) {
    top += u[i] * v[i];
    bottom += u[i] * u[i];
  }
  REAL norm = ROOT(top / bottom);
  SHOW("spectral norm", norm);
}

static void NAME(fourier)(void) {
  enum { BITS = 8, N = 1 << BITS };
  static REAL re[N], im[N], was[N], cosine[BITS], sine[BITS];
  /* of half a turn, a quarter, an eighth: no library, each by the root of the one before */
  cosine[0] = -1, sine[0] = 0, cosine[1] = 0, sine[1] = 1;
  for (int k = 2; k < BITS; k++) {
    cosine[k] = ROOT((1 + cosine[k - 1]) / 2);
    sine[k] = sine[k - 1] / (2 * cosine[k]);
  }
  random_seed(99);
  for (int i = 0; i < N; i++) {
    was[i] = re[i] = NAME(random)();
    im[i] = 0;
  }
  for (int back = 0; back < 2; back++) {
    for (int i = 0, j = 0; i < N; i++) {
      if (i < j) {
        REAL t = re[i];
        re[i] = re[j], re[j] = t;
        t = im[i];
        im[i] = im[j], im[j] = t;
      }
      int bit = N >> 1;
      for (; bit & j; bit >>= 1) j ^= bit;
      j |= bit;
    }
    for (int k = 0; k < BITS; k++) {
      REAL wr = 1, wi = 0, turn = back ? -sine[k] : sine[k];
      for (int j = 0; j < 1 << k; j++) {
        for (int i = j; i < N; i += 2 << k) {
          int o = i + (1 << k);
          REAL tr = wr * re[o] - wi * im[o], ti = wr * im[o] + wi * re[o];
          re[o] = re[i] - tr, im[o] = im[i] - ti;
          re[i] += tr, im[i] += ti;
        }
        REAL next = wr * cosine[k] - wi * turn;
        wi = wr * turn + wi * cosine[k];
        wr = next;
      }
    }
    sum_begin();
    for (int i = 0; i < N; i++) {
      SUM(re[i]);
      SUM(im[i]);
    }
    sum_end(back ? "fourier, back" : "fourier");
  }
  REAL worst = 0;
  for (int i = 0; i < N; i++) {
    REAL off = re[i] / N - was[i];
    if (off < 0) off = -off;
    if (off > worst) worst = off;
  }
  SHOW("fourier, off by", worst);
}

#define ORDER 14

static void NAME(inverse)(const char *name, REAL (*a)[ORDER]) {
  static REAL work[ORDER][2 * ORDER];
  for (int i = 0; i < ORDER; i++)
    for (int j = 0; j < 2 * ORDER; j++) work[i][j] = j < ORDER ? a[i][j] : j - ORDER == i;
  REAL determinant = 1;
  for (int column = 0; column < ORDER; column++) {
    int pivot = column;
    for (int i = column + 1; i < ORDER; i++) {
      REAL here = work[i][column], best = work[pivot][column];
      if ((here < 0 ? -here : here) > (best < 0 ? -best : best)) pivot = i;
    }
    if (pivot != column) determinant = -determinant;
    for (int j = 0; j < 2 * ORDER; j++) {
      REAL t = work[pivot][j];
      work[pivot][j] = work[column][j];
      work[column][j] = t;
    }
    REAL divisor = work[column][column];
    determinant *= divisor;
    for (int j = 0; j < 2 * ORDER; j++) work[column][j] /= divisor;
    for (int i = 0; i < ORDER; i++) {
      if (i == column) continue;
      REAL factor = work[i][column];
      for (int j = 0; j < 2 * ORDER; j++) work[i][j] -= factor * work[column][j];
    }
  }
  SHOW("determinant", determinant);
  REAL residual = 0;
  for (int i = 0; i < ORDER; i++)
    for (int j = 0; j < ORDER; j++) {
      REAL total = i == j ? -1 : 0;
      for (int k = 0; k < ORDER; k++) total += a[i][k] * work[k][ORDER + j];
      residual += total * total;
    }
  SHOW("residual", residual);
  sum_begin();
  for (int i = 0; i < ORDER; i++)
    for (int j = 0; j < ORDER; j++) SUM(work[i][ORDER + j]);
  sum_end(name);
}

static void NAME(matrices)(void) {
  static REAL a[ORDER][ORDER], factor[ORDER][ORDER];
  random_seed(4711);
  for (int i = 0; i < ORDER; i++)
    for (int j = 0; j < ORDER; j++) a[i][j] = NAME(random)();
  NAME(inverse)("inverse of a random matrix", a);
  /* Hilbert's, as badly conditioned as they come */
  for (int i = 0; i < ORDER; i++)
    for (int j = 0; j < ORDER; j++) a[i][j] = (REAL)1 / (i + j + 1);
  NAME(inverse)("inverse of an ill-conditioned matrix", a);

  /* symmetric and positive: Cholesky, then Jacobi's rotations for the eigenvalues */
  random_seed(4712);
  for (int i = 0; i < ORDER; i++)
    for (int j = 0; j <= i; j++) a[i][j] = a[j][i] = i == j ? ORDER : NAME(random)();
  sum_begin();
  for (int i = 0; i < ORDER; i++)
    for (int j = 0; j <= i; j++) {
      REAL total = a[i][j];
      for (int k = 0; k < j; k++) total -= factor[i][k] * factor[j][k];
      factor[i][j] = i == j ? ROOT(total) : total / factor[j][j];
      SUM(factor[i][j]);
    }
  sum_end("cholesky");
  for (int round = 0; round < 4; round++)
    for (int p = 0; p < ORDER; p++)
      for (int q = p + 1; q < ORDER; q++) {
        if (a[p][q] == 0) continue;
        REAL theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        REAL size = (theta < 0 ? -theta : theta) + ROOT(theta * theta + 1);
        REAL t = (theta < 0 ? -1 : 1) / size;
        REAL c = 1 / ROOT(t * t + 1), s = t * c;
        for (int k = 0; k < ORDER; k++) {
          REAL x = a[k][p], y = a[k][q];
          a[k][p] = c * x - s * y;
          a[k][q] = s * x + c * y;
        }
        for (int k = 0; k < ORDER; k++) {
          REAL x = a[p][k], y = a[q][k];
          a[p][k] = c * x - s * y;
          a[q][k] = s * x + c * y;
        }
      }
  for (int i = 0; i < ORDER; i += 5) SHOW("eigenvalue", a[i][i]);
  sum_begin();
  for (int i = 0; i < ORDER; i++)
    for (int j = 0; j < ORDER; j++) SUM(a[i][j]);
  sum_end("jacobi");
}

static void NAME(iterations)(void) {
  /* chaos: after some fifty steps nothing is left of the first digits */
  REAL x = (REAL)3 / 10;
  for (int step = 0; step < 1000; step++) x = x * (1 - x) * 399 / 100;
  SHOW("logistic map", x);
  REAL a = (REAL)1 / 10, b = (REAL)3 / 10;
  for (int step = 0; step < 1000; step++) {
    REAL next = 1 - a * a * 7 / 5 + b;
    b = a * 3 / 10;
    a = next;
  }
  SHOW("henon map", a);
  /* series and fractions */
  REAL e = 1, term = 1;
  for (int k = 1; k < 40; k++) {
    term /= k;
    e += term;
  }
  SHOW("e", e);
  REAL fraction = 0;
  for (int k = 60; k > 0; k--) fraction = (REAL)k * k / (2 * k + 1 + fraction);
  REAL pi = 4 / (1 + fraction);
  SHOW("pi", pi);
  REAL harmonic = 0, lost = 0;
  for (int k = 1; k <= 2000; k++) {
    REAL part = (REAL)1 / k - lost, total = harmonic + part;
    lost = (total - harmonic) - part;
    harmonic = total;
  }
  SHOW("harmonic, compensated", harmonic);
  SHOW("what was lost", lost);
  /* arithmetic and geometric mean */
  REAL m = 1, g = (REAL)1 / 1000;
  for (int step = 0; step < 12; step++) {
    REAL mean = (m + g) / 2;
    g = ROOT(m * g);
    m = mean;
  }
  SHOW("mean", m);
  /* through the denormals and back */
  REAL small = 1;
  int halvings = 0;
  for (; small > 0; halvings++) small /= 3;
  show_word("thirds to zero", halvings);
  REAL large = 1;
  int squares = 0;
  for (; large - large == 0; squares++) large = large * 7 + 1;
  show_word("sevens to infinity", squares);
}

static void NAME(conversions)(void) {
  sum_begin();
  random_seed(31337);
  for (int step = 0; step < 500; step++) {
    s32 whole = random_word() >> (step & 31);
    REAL value = (REAL)whole * 3 / 7;
    s32 cut = value < 2147483647.0f && value > -2147483647.0f ? (s32)value : 0;
    sum(&whole, 4, &cut, 4);
    float narrow = value;
    double wide = value;
    short shorter = (short)(cut >> 16) * 0.75f;
    sum(&whole, 4, &narrow, 4);
    sum(&whole, 4, &wide, 8);
    sum(&whole, 4, &shorter, 2);
  }
  sum_end("conversions");
}

static void NAME(numerics)(const char *type) {
  say("type", type);
  NAME(mandelbrot)();
  NAME(bodies)();
  NAME(spectral_norm)();
  NAME(fourier)();
  NAME(matrices)();
  NAME(iterations)();
  NAME(conversions)();
}

#undef SUM
#undef ORDER
